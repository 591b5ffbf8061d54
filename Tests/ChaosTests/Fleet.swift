import Glibc
import LinkCore
import LinkKafka
import LinkSandbox
import LinkTestSupport
import Synchronization
import Testing

/// Workers of one group, each with a store directory of its own, before an adapter that remembers when it was called for whom.
///
/// Each user asks for one link, so that a call tells whose it is; the accounts tell the link once more.
final class Fleet {
  let deployment: Deployment
  let emulator: AdapterEmulator
  /// What was asked for, in its order.
  private(set) var requests: [Asked] = []
  /// Every worker that was ever started, in its order.
  private(set) var workers: [WorkerProcess] = []
  /// When a worker was killed: the last lines of its log may be missing.
  private(set) var kills: [Timestamp] = []
  private let calls: CallBook
  private let writer: RequestWriter
  private var nextUser: Int64 = 500_000

  /// A request and when it was written.
  struct Asked {
    var request: RequestEvent
    var at: Timestamp
  }

  /// - Parameters:
  ///   - latency: Of the adapter, in milliseconds.
  ///   - settings: Of every worker, in addition to the deployment's: a session of three seconds, and ten seconds for a stop.
  init(
    bootstrap: String, partitions: Int32 = 4, latency: Milliseconds = 5, settings: [String: String] = [:]
  ) throws {
    let calls = CallBook()
    self.calls = calls
    var configuration = AdapterEmulatorConfiguration(credential: Secret(Array(Deployment.credential.utf8)))
    configuration.latency = latency
    emulator = try AdapterEmulator(configuration: configuration, onCall: { calls.note($0) })
    let own = ["kafka.session.timeout.ms": "3000", "shutdown.timeout.ms": "10000"]
    deployment = try Deployment(
      bootstrap: bootstrap, adapterURL: emulator.baseURL, partitions: partitions,
      settings: own.merging(settings) { $1 })
    let names = Dictionary(uniqueKeysWithValues: TopicRole.allCases.map { [deployment] in ($0, deployment.topic($0)) })
    writer = RequestWriter(try KafkaWriter(properties: deployment.properties, topics: names))
  }

  deinit { emulator.stop() }

  /// Starts a worker whose store directory is of this name.
  func start(
    _ name: String, _ settings: [String: String] = [:], failpoints: String? = nil
  ) throws -> WorkerProcess {
    let own = ["store.directory": deployment.scratch["store-\(name)"]]
    let worker = try deployment.startWorker(own.merging(settings) { $1 }, failpoints: failpoints)
    workers.append(worker)
    return worker
  }

  /// Starts one worker, and the next when it serves every partition, so that the first has had them all.
  func startFirst(
    _ name: String, _ settings: [String: String] = [:], failpoints: String? = nil
  ) throws -> WorkerProcess {
    let worker = try start(name, settings, failpoints: failpoints)
    try worker.awaitLanes(deployment.partitions)
    return worker
  }

  /// Has every lane's first transaction behind it: the first one of the next worker is then of requests.
  func openLanes() throws {
    let worker = try startFirst("opener")
    try awaiting("A committed offset of every partition", state: { worker.program.tail }) {
      try deployment.offsets().allSatisfy { $0.committed != nil }
    }
    guard try worker.stop().code == 0 else { throw Missing("The opener's end: \(worker.program.tail)") }
  }

  /// Writes requests of so many new users, of users of this partition alone where one is given, and waits until Kafka has them.
  func ask(_ count: Int, at partition: Int32? = nil) throws {
    begin(count, at: partition)
    try writer.drain()
  }

  /// Has requests of so many new users written, whenever Kafka takes them.
  func begin(_ count: Int, at partition: Int32? = nil) {
    var asked: [RequestEvent] = []
    while asked.count < count {
      nextUser += 1
      guard partition == nil || partition == home(of: nextUser) else { continue }
      asked.append(
        RequestEvent(
          id: "r\(nextUser)", userID: nextUser, idempotencyKey: "k\(nextUser)", accounts: [nextUser - 400_000]))
    }
    let now = wallNow()
    requests += asked.map { Asked(request: $0, at: now) }
    write(asked)
  }

  /// Writes the last so many requests once more, as a client does that heard nothing: they are known, and cost no call.
  func repeatLast(_ count: Int) { write(requests.suffix(count).map(\.request)) }

  /// Kills a worker, as a power cut would.
  func kill(_ worker: WorkerProcess) {
    kills.append(wallNow())
    worker.kill()
  }

  /// The partition of a user's requests.
  func home(of userID: Int64) -> Int32 {
    HomePartition.of(userId: userID, partitionCount: deployment.partitions)
  }

  /// How many calls there were of a user.
  func callCount(of userID: Int64) -> Int { calls.times(of: userID).count }

  /// When the adapter was called since a moment, in order.
  func callTimes(since moment: Timestamp) -> [Timestamp] { calls.times(since: moment) }

  /// Waits until every request has its outcome, and the group has settled them all.
  func awaitAll(within seconds: Double = 180, worker: WorkerProcess? = nil) throws {
    try writer.drain()
    try deployment.awaitOutcomes(requests.count, within: seconds, worker: worker)
    try deployment.awaitNoLag(within: seconds, worker: worker)
  }

  private func write(_ requests: [RequestEvent]) {
    writer.write(
      requests.map {
        OutgoingRecord(topic: .requests, key: Array(String($0.userID).utf8), value: Array($0.structured.utf8))
      })
  }
}

/// When the adapter was called for whom.
final class CallBook: Sendable {
  private let book = Mutex<[Int64: [Timestamp]]>([:])

  /// Notes a call as the emulator tells of it.
  func note(_ call: EmulatorCall) {
    guard let user = call.userId else { return }
    book.withLock { $0[user, default: []].append(call.receivedAt) }
  }

  /// When it was called since a moment, in order.
  func times(since moment: Timestamp) -> [Timestamp] {
    book.withLock { book in book.values.flatMap { $0.filter { $0 >= moment } } }.sorted()
  }

  /// When it was called for a user.
  func times(of userID: Int64) -> [Timestamp] { book.withLock { $0[userID] ?? [] } }
}
