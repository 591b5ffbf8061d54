import CRdKafka
import Dispatch
import Glibc
import LinkCore
import LinkCrypto
import LinkHTTP
import Synchronization

/// The least that does the same calls: a consumer that commits by itself, the adapter's client, an idempotent producer. No store, no
/// state, no transaction, no order of a user's requests, no retry: a crash loses links, a redelivery doubles them.
///
/// It reads and writes the same bytes as the worker, with the same code, so that the difference is what the promises cost.
struct Floor {
  private let settings: FloorSettings

  init(_ settings: FloorSettings) { self.settings = settings }

  /// Works until SIGTERM.
  func run() throws {
    let sink = try OutcomeSink(settings)
    let slots = DispatchSemaphore(value: settings.concurrency)
    let adapter = try AdapterClient(
      settings: AdapterClientSettings(
        endpoint: try AdapterEndpoint(url: settings.adapterURL), credentialPath: settings.credentialFile,
        concurrency: settings.concurrency),
      onFault: { say("\($0)") },
      onAnswer: { id, answer in
        sink.answered(id, answer)
        slots.signal()
      })
    defer { adapter.shutdown() }
    let consumer = try makeConsumer()
    let reader = RequestReader()
    var id: UInt64 = 0
    while true {
      guard let message = rd_kafka_consumer_poll(consumer.handle, 100) else { continue }
      defer { rd_kafka_message_destroy(message) }
      guard message.pointee.err == RD_KAFKA_RESP_ERR_NO_ERROR else { continue }
      guard case .link(let request) = reader.read(Self.record(message)) else { continue }
      slots.wait()
      id += 1
      sink.asked(id, request)
      adapter.call(AdapterCall(id: id, body: request.adapterBody(), trace: request.trace))
    }
  }

  private func makeConsumer() throws -> KafkaClient {
    let consumer = try KafkaClient(
      RD_KAFKA_CONSUMER,
      [
        "bootstrap.servers": settings.bootstrap, "group.id": settings.group, "auto.offset.reset": "earliest",
        "enable.auto.commit": "true", "socket.nagle.disable": "true", "queued.max.messages.kbytes": "16384",
      ])
    rd_kafka_poll_set_consumer(consumer.handle)
    let list = rd_kafka_topic_partition_list_new(1)
    defer { rd_kafka_topic_partition_list_destroy(list) }
    rd_kafka_topic_partition_list_add(list, settings.requestsTopic, RD_KAFKA_PARTITION_UA)
    let result = rd_kafka_subscribe(consumer.handle, list)
    guard result == RD_KAFKA_RESP_ERR_NO_ERROR else { throw KafkaClient.failure("subscribe", result) }
    return consumer
  }

  private static func record(_ message: UnsafePointer<rd_kafka_message_t>) -> SourceRecord {
    func bytes(_ pointer: UnsafeMutableRawPointer?, _ count: Int) -> [UInt8]? {
      pointer.map { Array(UnsafeRawBufferPointer(start: $0, count: count)) }
    }
    return SourceRecord(
      partition: message.pointee.partition, offset: message.pointee.offset,
      timestamp: Timestamp(milliseconds: rd_kafka_message_timestamp(message, nil)),
      key: bytes(message.pointee.key, message.pointee.key_len),
      value: bytes(message.pointee.payload, message.pointee.len), headers: [])
  }
}

/// What the floor needs to know, in the order of its arguments.
struct FloorSettings {
  var bootstrap, requestsTopic, outcomesTopic, group, adapterURL, credentialFile: String
  var concurrency: Int

  init(_ arguments: [String]) throws {
    guard arguments.count == 7, let concurrency = Int(arguments[6]) else {
      throw BenchFailure(
        "run the floor", "its arguments", "they are not seven", hint: "linkbench, which starts it by itself",
        exitCode: 64)
    }
    (bootstrap, requestsTopic, outcomesTopic) = (arguments[0], arguments[1], arguments[2])
    (group, adapterURL, credentialFile) = (arguments[3], arguments[4], arguments[5])
    self.concurrency = concurrency
  }
}

/// Turns answers into outcomes, on the adapter's thread.
private final class OutcomeSink: Sendable {
  private let writer: TopicWriter
  private let events: EventWriter
  private let asked = Mutex<[UInt64: (request: LinkRequest, at: Timestamp)]>([:])

  init(_ settings: FloorSettings) throws {
    writer = try TopicWriter(
      settings.outcomesTopic, bootstrap: settings.bootstrap, ["linger.ms": "1", "partitioner": "murmur2_random"])
    events = EventWriter(
      groupID: settings.group, instanceID: "floor", requestsTopic: settings.requestsTopic, sha256: sha256,
      deadLetterMaxBytes: 1 << 20)
  }
  /// Remembers whose call it is.
  func asked(_ id: UInt64, _ request: LinkRequest) {
    let now = Self.now()
    asked.withLock { $0[id] = (request, now) }
  }

  /// Publishes the outcome of a call. An answer without a token is none, and the run will miss it.
  func answered(_ id: UInt64, _ answer: AdapterAnswer) {
    guard let (request, at) = asked.withLock({ $0.removeValue(forKey: id) }), let nothing = Digest(hex: Self.zeros),
      case .response(_, let body, _) = answer, case .ok(let token) = AdapterReply.parse(body)
    else { return }
    let now = Self.now()
    let link = Link(
      key: request.key, fingerprint: nothing, state: .succeeded(at: now), request: nil,
      origin: .init(partition: 0, offset: 0, timestamp: at), attemptCount: 1)
    let outcome = events.tokenReady(
      link: link, request: request, token: token, issuedAt: at, expiresAt: at + 30 * 86_400_000, decidedAt: now)
    do {
      try writer.write(
        key: outcome.key ?? [], value: outcome.value ?? [],
        headers: [("content-type", "application/cloudevents+json")])
    } catch {
      say("\(error)")
    }
  }

  private static let zeros = String(repeating: "0", count: 64)

  private static func now() -> Timestamp {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
  }
}
