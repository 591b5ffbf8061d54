import Dispatch
import Foundation
import LinkCore
import LinkKafka
import LinkOps
import LinkSandbox
import LinkTestSupport

@testable import LinkCommands

/// An embedded broker, an adapter emulator and a worker with an admin address, all in this process.
final class AdminRig {
  let emulator: AdapterEmulator
  /// The port of the admin address.
  let port: UInt16
  private let broker: EmbeddedBroker
  private let worker: Worker
  private let kafka: KafkaProperties
  private let directory: TemporaryDirectory
  private let ended = DispatchSemaphore(value: 0)
  private let end = EndBox()
  private var isRunning = false

  static let partitions: Int32 = 8
  /// How the README asks a worker at the default address.
  static let readmeCommand = "curl -s http://127.0.0.1:9464/readyz"

  init(startsWorker: Bool = true, _ change: (inout AdapterEmulatorConfiguration) -> Void) throws {
    emulator = try AdapterEmulator(forDeploymentWith: change)
    broker = try EmbeddedBroker(
      topics: TopicRole.allCases.map { ("link-account.\($0.rawValue)", Int(Self.partitions)) })
    kafka = KafkaProperties(["bootstrap.servers": broker.bootstrap, "fetch.wait.max.ms": "10"])
    directory = try TemporaryDirectory()
    let credential = try directory.write("credential", Deployment.credential + "\n")
    let settings = try SettingsLoader(arguments: [
      "kafka.bootstrap.servers=\(broker.bootstrap)", "kafka.fetch.wait.max.ms=10", "adapter.url=\(emulator.baseURL)",
      "adapter.credential.file=\(credential)", "store.directory=\(directory.path)/store", "retry.initial.ms=20",
      "retry.max.ms=200", "admin.listen=127.0.0.1:0",
    ]).load(for: .worker)
    worker = try Worker(
      settings: settings,
      options: .init(startsFromBeginning: true, topics: .made(partitionCount: Self.partitions)),
      log: Log(level: .error, format: .text))
    guard let address = worker.adminAddress else { throw Missing("An admin address") }
    port = address.port
    if startsWorker { start() }
  }

  deinit {
    stop()
    emulator.stop()
    broker.stop()
  }

  /// Lets the worker join its group.
  func start() {
    isRunning = true
    let thread = Carried(worker)
    DispatchQueue(label: "worker").async { [ended, end] in
      end.code = thread.worker.run()
      ended.signal()
    }
  }

  /// Sends requests to their home partitions.
  func send(_ requests: [RequestEvent]) throws {
    try writer.write(
      requests.map { request in
        OutgoingRecord(
          topic: .requests, partition: HomePartition.of(userId: request.userID, partitionCount: Self.partitions),
          key: Array("\(request.userID)".utf8), value: Array(request.structured.utf8), headers: Self.headers)
      })
  }

  /// Sends what is no request.
  func send(values: [[UInt8]?]) throws {
    try writer.write(
      values.map { OutgoingRecord(topic: .requests, partition: 0, key: nil, value: $0, headers: Self.headers) })
  }

  /// Writes a state record that nobody can read: its lane stays blocked.
  func spoilState(of partition: Int32) throws {
    try KafkaWriter(properties: kafka, topics: [.state: "link-account.state"]).write([
      OutgoingRecord(topic: .state, partition: partition, key: [0x21], value: [0x21], headers: [])
    ])
  }

  /// Waits until a series has a value.
  func await(_ series: String, _ value: Double) throws {
    var last: Double?
    try awaiting("\(series) at \(value)", state: { "It is \(last ?? .nan)." }) {
      last = try MetricPage(port: port)[series]
      return last == value
    }
  }

  /// Ends the worker; how it ended.
  @discardableResult
  func stop() -> ExitCode? {
    guard isRunning else { return end.code }
    isRunning = false
    worker.stop()
    ended.wait()
    return end.code
  }

  private static let headers = [Header("content-type", "application/cloudevents+json")]

  private var writer: KafkaWriter {
    get throws { try KafkaWriter(properties: kafka, topics: [.requests: "link-account.requests"]) }
  }

  /// Written before the semaphore is signalled, read after it.
  private final class EndBox: @unchecked Sendable { var code: ExitCode? }

  /// The worker on its way to its one thread.
  private struct Carried: @unchecked Sendable {
    let worker: Worker
    init(_ worker: Worker) { self.worker = worker }
  }
}
