import Glibc
import LinkCore
import Synchronization

/// Writes link requests, each of a user of its own.
struct Load {
  private let writer: TopicWriter

  /// - Parameter isMoved: Whether they are partitioned as librdkafka does by default, by CRC32, and so not where their users are at home.
  init(topic: String, bootstrap: String, isMoved: Bool = false, linger: Int) throws {
    writer = try TopicWriter(
      topic, bootstrap: bootstrap,
      ["partitioner": isMoved ? "consistent_random" : "murmur2_random", "linger.ms": String(linger)])
  }

  /// Writes requests of the users 1 to `count`, and waits until Kafka has them.
  func backlog(_ count: Int) throws {
    for user in 1...Int64(count) { try ask(for: user) }
    try writer.flush()
  }

  /// Writes `count` requests, one each `interval` microseconds from `start` on. The user's number is the moment at which its request was to be
  /// written, so that a reader of the outcome knows how long all of it took, and a load that lags hides nothing.
  func steady(from start: Int64, interval: Int64, count: Int) throws {
    for index in 0..<Int64(count) {
      let moment = start + index * interval
      let wait = moment - monotonicMicroseconds()
      if wait > 0 { usleep(UInt32(clamping: wait)) }
      try ask(for: moment)
    }
    try writer.flush()
  }

  /// Writes one request for the moment that it is.
  func probe() throws { try ask(for: monotonicMicroseconds()) }

  private func ask(for user: Int64) throws {
    try writer.write(
      key: Array(String(user).utf8), value: Self.request(user),
      headers: [("content-type", "application/cloudevents+json")])
  }

  /// About what a client area sends: 450 bytes.
  private static func request(_ user: Int64) -> [UInt8] {
    var json = JSONWriter(capacity: 512)
    json.beginObject()
    for (name, value) in [
      ("specversion", "1.0"), ("id", "request-\(user)"), ("source", "/client-area/bench"),
      ("type", "link-account.requested.v1"), ("time", "2026-01-02T03:04:05.678Z"),
      ("datacontenttype", "application/json"),
    ] as [(StaticString, String)] {
      json.name(name)
      json.string(value)
    }
    json.name("data")
    json.beginObject()
    json.name("userId")
    json.integer(user)
    json.name("brokerNames")
    json.beginArray()
    json.string("benchbroker" as Text)
    json.endArray()
    json.name("ctidTraderAccountIds")
    json.beginArray()
    for account in 1...3 { json.integer(user &* 4 &+ Int64(account)) }
    json.endArray()
    json.name("context")
    json.verbatim(Array(#"{"correlationId":"5f0c7a52-5d0f-4d2e-9a65-0a3c6f1f2b11","state":"xyz","locale":"en"}"#.utf8))
    json.endObject()
    json.endObject()
    return json.bytes
  }
}
