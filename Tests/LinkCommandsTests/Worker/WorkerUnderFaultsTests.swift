import Dispatch
import Foundation
import LinkCore
import LinkKafka
import LinkOps
import LinkSandbox
import LinkTestSupport
import Testing

@testable import LinkCommands

@Suite("A worker beside an emulator that errs", .timeLimit(.minutes(10)))
struct WorkerUnderFaultsTests {
  private static let rates =
    "5xx=9%,429=4%,lost=4%,cut=3%,truncate=2%,garbage=4%,drip=1%,hang=1%,error=2%"

  @Test(
    "With three calls of ten gone wrong every link ends in exactly one outcome for as many calls as it says; an outage fails none"
  )
  func faults() throws {
    let emulator = try Program.Running([
      "adapter-emulator", "--port", "0", "--json", "--error-rate", Self.rates, "--retry-after", "0", "--seed", "11",
    ])
    let greeting = try JSONValue(parsing: Array(emulator.read(until: "\n").utf8))
    let url = try #require(greeting["url"]?.text?.string)
    let control = Control(port: try #require(url.split(separator: ":").last.flatMap { UInt16($0) }))
    let place = try TemporaryDirectory()
    let rig = try Rig(adapterURL: url, directory: place)
    defer { rig.stop() }

    try rig.send(1...150)
    let first = try rig.outcomes(150)
    let calls = try control.callsByUser()
    #expect(calls.count == 150 && calls.values.reduce(0) { $0 + $1.calls } > 150)
    var failures = 0
    for outcome in first {
      let user = try #require(outcome.userID)
      // One link a user, and nothing but the wait between: each call was an attempt, and each attempt a call.
      #expect(outcome.attempts == calls[user]?.calls, "user \(user)")
      if outcome.isA("failed") {
        failures += 1
        #expect(outcome.code == "adapter_rejected")
      } else {
        #expect(try outcome.isA("token-ready") && control.accepts(outcome.token))
      }
    }
    let classes = try #require(try control.get("stats")["byClass"])
    for name in ["ok", "5xx", "429", "error", "lost", "cut", "garbage", "truncate"] {
      #expect((classes[name] ?? 0) > 0, "\(name) in \(classes)")
    }
    #expect(failures == classes["error"])

    // An outage for everybody, a moment long.
    try control.put("rates", "{}")
    try control.put("outage", "on")
    try rig.send(151...180)
    // 20 failures open the breaker; from then on there are probes alone.
    try awaiting("Calls in the outage") { (try control.get("stats")["byClass"]?["outage"] ?? 0) >= 23 }
    #expect(try rig.outcomes(150).count == 150, "nobody has an outcome in it")
    try control.put("outage", "off")
    let all = try rig.outcomes(180)
    #expect(all.filter { ($0.userID ?? 0) > 150 }.allSatisfy { $0.isA("token-ready") })
    #expect(Set(all.compactMap(\.requestID)).count == 180 && all.count == 180)
    #expect(rig.stop() == .ok)
    #expect(try rig.outcomes(180).count == 180)
    emulator.terminate()
    #expect(emulator.end().code == 0)
  }
}

/// An embedded broker and a worker in this process.
private final class Rig {
  private let broker: EmbeddedBroker
  private let worker: Worker
  private let log: Log
  private let kafka: KafkaProperties
  private let ended = DispatchSemaphore(value: 0)
  private let end = EndBox()
  private var isStopped = false

  private static let partitions: Int32 = 4

  init(adapterURL: String, directory: TemporaryDirectory) throws {
    let topics = TopicRole.allCases.map { "link-account.\($0.rawValue)" }
    broker = try EmbeddedBroker(topics: topics.map { ($0, Int(Self.partitions)) })
    kafka = KafkaProperties(["bootstrap.servers": broker.bootstrap, "fetch.wait.max.ms": "10"])
    let credential = try directory.write("credential", EmulatorCredential.preset + "\n")
    let settings = try SettingsLoader(arguments: [
      "kafka.bootstrap.servers=\(broker.bootstrap)", "kafka.fetch.wait.max.ms=10", "adapter.url=\(adapterURL)",
      "adapter.credential.file=\(credential)", "store.directory=\(directory.path)/store", "adapter.timeout.ms=1000",
      "retry.initial.ms=20", "retry.max.ms=200", "admin.listen=none",
    ]).load(for: .worker)
    log = Log(level: .error, format: .text)
    worker = try Worker(
      settings: settings,
      options: .init(startsFromBeginning: true, topics: .made(partitionCount: Self.partitions)), log: log)
    let thread = Carried(worker)
    DispatchQueue(label: "worker").async { [ended, end] in
      end.code = thread.worker.run()
      ended.signal()
    }
  }

  /// Sends one request of each user.
  func send(_ users: ClosedRange<Int64>) throws {
    try KafkaWriter(properties: kafka, topics: [.requests: "link-account.requests"]).write(
      users.map { user in
        let event = RequestEvent(id: "r\(user)", userID: user, idempotencyKey: "k\(user)", accounts: [user])
        return OutgoingRecord(
          topic: .requests, key: Array("\(user)".utf8), value: Array(event.structured.utf8),
          headers: [Header("content-type", "application/cloudevents+json")])
      })
  }

  /// All outcomes, once there are so many.
  func outcomes(_ count: Int) throws -> [OutcomeEvent] {
    var found: [OutcomeEvent] = []
    try awaiting("\(count) outcomes", state: { "There are \(found.count)." }) {
      found = []
      try KafkaBrowser(properties: kafka).read(
        topic: "link-account.outcomes", from: Dictionary(uniqueKeysWithValues: (0..<Self.partitions).map { ($0, 0) })
      ) {
        found.append(try OutcomeEvent($0))
        return true
      }
      return found.count >= count
    }
    return found
  }

  /// Ends worker and broker; how the worker ended.
  @discardableResult
  func stop() -> ExitCode? {
    guard !isStopped else { return end.code }
    isStopped = true
    worker.stop()
    ended.wait()
    return end.code
  }

  deinit { broker.stop() }

  /// Written before the semaphore is signalled, read after it.
  private final class EndBox: @unchecked Sendable { var code: ExitCode? }

  /// The worker on its way to its one thread.
  private struct Carried: @unchecked Sendable {
    let worker: Worker
    init(_ worker: Worker) { self.worker = worker }
  }
}

/// The emulator's control API over a plain socket.
private struct Control {
  let port: UInt16

  func put(_ path: String, _ body: String) throws {
    let answer = RawHTTP.send(["PUT /_emulator/\(path) HTTP/1.1"], body: body, port: port) ?? "nothing"
    guard answer.hasPrefix("HTTP/1.1 200 ") else { throw Missing("PUT \(path): \(answer)") }
  }

  /// The objects of numbers in an answer, by name.
  func get(_ path: String) throws -> [String: [String: Int]] {
    var found: [String: [String: Int]] = [:]
    for member in try JSONValue(parsing: page("GET", path)).children where member.kind == .object {
      for count in member.children {
        found[member.name.string, default: [:]][count.name.string] = count.integer.map { Int($0) }
      }
    }
    return found
  }

  func callsByUser() throws -> [Int64: (calls: Int64, tokens: Int64)] {
    var found: [Int64: (calls: Int64, tokens: Int64)] = [:]
    for line in try page("GET", "calls").split(separator: 0x0A) {
      let value = try JSONValue(parsing: Array(line))
      found[value["userId"]?.integer ?? 0] = (value["calls"]?.integer ?? 0, value["ok"]?.integer ?? 0)
    }
    return found
  }

  func accepts(_ token: Secret?) throws -> Bool {
    let body = String(decoding: token?.reveal() ?? [], as: UTF8.self)
    return RawHTTP.send(["POST /_emulator/verify HTTP/1.1"], body: body, port: port)?.hasPrefix("HTTP/1.1 200 ") == true
  }

  private func page(_ method: String, _ path: String) throws -> [UInt8] {
    let answer = RawHTTP.send(["\(method) /_emulator/\(path) HTTP/1.1"], port: port) ?? ""
    guard let end = answer.range(of: "\r\n\r\n") else { throw Missing("\(path): \(answer)") }
    return Array(answer[end.upperBound...].utf8)
  }
}
