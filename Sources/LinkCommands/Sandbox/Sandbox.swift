import LinkCore
import LinkKafka
import LinkOps
import LinkSandbox

/// A broker, an adapter and a worker in this process, the samples that go through them, and a watcher of what comes out.
struct Sandbox {
  /// How it is run.
  struct Options {
    /// Whether it ends when all has come.
    var isOnce = false
    /// How the adapter treats its users; this wins over what the samples ask for.
    var behaviour: EmulatorBehaviour
    /// The least weighty lines of the worker's log.
    var logLevel = LogLevel.warning
    /// Milliseconds for which the samples are waited for.
    var limit: Milliseconds = 30_000
  }

  let options: Options
  let environment: [String: String]
  let view: ConsoleView

  private static let partitionCount: Int32 = 4

  /// Runs until every sample has ended, or until it is asked to stop; whether every sample ended as expected.
  func run() throws(CommandFailure) -> Bool {
    let stop = StopSwitch()
    let signals = StopSignals { _, _ in stop.turnOn() }
    defer { withExtendedLifetime(signals) {} }
    let directory = try SandboxDirectory(environment: environment)
    let outcome = Result { () throws(CommandFailure) in try run(in: directory, stop) }
    // What went wrong first is what is told.
    let removal = Result { () throws(CommandFailure) in try directory.remove() }
    let isAsExpected = try outcome.get()
    try removal.get()
    return isAsExpected
  }

  private func run(in directory: SandboxDirectory, _ stop: StopSwitch) throws(CommandFailure) -> Bool {
    let samples = Sample.all(partitionCount: Self.partitionCount)
    let credential = Self.randomCredential()
    let emulator = try startEmulator(credential, samples)
    defer { emulator.stop() }
    let broker = try startBroker()
    defer { broker.stop() }
    let settings = try settings(
      broker, emulator, credentialFile: try directory.write("credential", credential),
      store: directory.path + "/store")
    let log = Log(level: settings.log.level, format: settings.log.format)
    defer { log.flush() }
    view.greet(settings, partitionCount: Self.partitionCount)
    // Clients end before the broker does: they live in here alone.
    return try serve(samples, settings, emulator, log, stop)
  }

  private func serve(
    _ samples: [Sample], _ settings: WorkerSettings, _ emulator: AdapterEmulator, _ log: Log, _ stop: StopSwitch
  ) throws(CommandFailure) -> Bool {
    let kafka = try KafkaProperties(
      checking: settings.kafka, log: log.kafkaSink(),
      guardian: { operation, body in Watchdog.guarding(operation, limit: 10_000, log: log, body) })
    view.announce(samples)
    try send(samples, kafka, settings.topics)
    let worker = try Worker(
      settings: settings,
      // The broker keeps no offsets: after a rebalance the worker takes what is there again, and knows it.
      options: .init(startsFromBeginning: true, topics: .made(partitionCount: Self.partitionCount)), log: log)
    stop.does(worker.stop)
    let calls = { @Sendable (userId: Int64) in Int64(emulator.user(userId)?.calls ?? 0) }
    let watch = SandboxWatch(
      .init(
        kafka: kafka, topics: settings.topics, partitionCount: Self.partitionCount, emulator: emulator, view: view,
        limit: options.limit
      ) {
        [view, isOnce = options.isOnce, bootstrap = settings.kafka.bootstrapServers, topics = settings.topics] board in
        guard !isOnce else { return stop.turnOn() }
        view.sum(up: board.judged(calls: calls))
        view.invite(bootstrap: bootstrap, topics: topics)
      }, samples: samples)
    watch.start()
    let end = worker.run()
    // Only now is it certain that nothing more comes: a stop settles what is in flight.
    let rows = try Self.attempt { () throws(KafkaFailure) in try watch.finish() }.judged(calls: calls)
    guard end == .ok else {
      throw CommandFailure(end, .init("sandbox", "the worker", "it ended by itself", hint: "what its log says above"))
    }
    if options.isOnce { view.sum(up: rows) }
    return rows.allSatisfy(\.isAsExpected)
  }

  private func send(
    _ samples: [Sample], _ kafka: KafkaProperties, _ topics: WorkerSettings.Topics
  ) throws(CommandFailure) {
    let names = Dictionary(uniqueKeysWithValues: TopicRole.allCases.map { ($0, topics[$0]) })
    try Self.attempt { () throws(KafkaFailure) in
      try KafkaWriter(properties: kafka, topics: names).write(samples.map(\.record))
    }
  }

  // MARK: - Parts

  private func startEmulator(_ credential: Secret, _ samples: [Sample]) throws(CommandFailure) -> AdapterEmulator {
    var configuration = AdapterEmulatorConfiguration(credential: credential)
    options.behaviour.apply(to: &configuration)
    for sample in samples {
      guard let userId = sample.userId, let rule = sample.rule, configuration.rules[userId] == nil else { continue }
      configuration.rules[userId] = rule
    }
    do { return try AdapterEmulator(configuration: configuration) } catch { throw CommandFailure(error) }
  }

  private func startBroker() throws(CommandFailure) -> EmbeddedBroker {
    let topics = TopicRole.allCases.compactMap { role -> (name: String, partitions: Int)? in
      guard case .preset(let name)? = SettingTable.definition(of: "topics.\(role.rawValue)")?.presence else {
        return nil
      }
      return (name, Int(Self.partitionCount))
    }
    do { return try EmbeddedBroker(topics: topics) } catch { throw CommandFailure(error) }
  }

  private func settings(
    _ broker: EmbeddedBroker, _ emulator: AdapterEmulator, credentialFile: String, store: String
  ) throws(CommandFailure) -> WorkerSettings {
    let loader = SettingsLoader(arguments: [
      "kafka.bootstrap.servers=\(broker.bootstrap)",
      // The embedded broker answers a fetch only when its wait is over.
      "kafka.fetch.wait.max.ms=10",
      "adapter.url=\(emulator.baseURL)", "adapter.credential.file=\(credentialFile)", "store.directory=\(store)",
      // For people who wait in front of a screen.
      "retry.initial.ms=200", "retry.max.ms=5000", "shutdown.timeout.ms=5000", "admin.listen=none",
      "log.level=\(options.logLevel.rawValue)", "log.format=text",
    ])
    do { return try loader.load(for: .worker) } catch { throw CommandFailure(error) }
  }

  private static func randomCredential() -> Secret {
    let digits = Array("abcdefghijklmnopqrstuvwxyz0123456789".utf8)
    return Secret((0..<32).map { _ in digits[Int.random(in: digits.indices)] })
  }

  private static func attempt<Value>(_ body: () throws(KafkaFailure) -> Value) throws(CommandFailure) -> Value {
    do throws(KafkaFailure) { return try body() } catch { throw CommandFailure(error) }
  }
}

extension CommandFailure {
  /// A part of the sandbox cannot be started.
  init(_ failure: SandboxFailure) {
    self.init(.cantCreate, .init(failure.operation, failure.subject, failure.problem, hint: failure.hint ?? ""))
  }
}
