import Dispatch
import Glibc
import LinkCore
import LinkKafka
import LinkOps
import LinkSandbox

/// A broker, an adapter and a worker in this process, the samples that go through them, and a watcher of what comes
/// out.
struct Sandbox {
  /// How it is run.
  struct Options {
    /// Whether it ends when all has come.
    var isOnce = false
    /// How the adapter treats its users; this wins over what the samples ask for.
    var behaviour: EmulatorBehaviour
    /// Which Kafka it runs on.
    var kafka = SandboxKafka.inMemory
    /// What the command line adds to the settings.
    var additions: SandboxSettings.Additions
    /// The least weighty lines of the worker's log.
    var logLevel = LogLevel.warning
    /// Milliseconds that an answer of the adapter takes where somebody watches; nil: what `behaviour` says counts
    /// there too.
    var watchedLatency: Milliseconds?
    /// Milliseconds for which the samples are waited for, from the worker's start on.
    var limit: Milliseconds = 30_000
  }

  /// Milliseconds between two samples where somebody watches.
  private static let watchedInterval: Milliseconds = 500

  let options: Options
  let environment: [String: String]
  let display: SandboxDisplay

  /// What there is while it runs.
  private struct Parts {
    var directory: SandboxDirectory
    var samples: [Sample]
    var emulator: AdapterEmulator
    var broker: SandboxBroker
    var settings: SandboxSettings
    var stop: StopSwitch
  }

  /// Runs until every sample has ended, or until it is asked to stop; whether every sample ended as expected.
  func run() throws(CommandFailure) -> Bool {
    let stop = StopSwitch()
    let signals = StopSignals { [display] _, count in
      display.release()
      if count == 1 { display.say("Stopping …") }
      stop.turnOn()
    }
    let hangUp = HangUpSignal { stop.turnOn() }
    defer { withExtendedLifetime((signals, hangUp)) {} }
    let directory = try SandboxDirectory(environment: environment)
    let outcome = Result { () throws(CommandFailure) in try run(in: directory, stop) }
    // What went wrong first is what is told.
    let removal = Result { () throws(CommandFailure) in try directory.remove() }
    let isAsExpected = try outcome.get()
    try removal.get()
    return isAsExpected
  }

  private func run(in directory: SandboxDirectory, _ stop: StopSwitch) throws(CommandFailure) -> Bool {
    display.say(SandboxGuide.welcome)
    let samples = Sample.all(partitionCount: SandboxBroker.partitionCount)
    let credential = Secret(Array(SandboxBroker.randomName(32).utf8))
    try directory.write("credential", credential)
    let emulator = try startEmulator(credential, samples)
    defer { emulator.stop() }
    let broker = try startBroker()
    defer { broker.stop() }
    var additions = options.additions
    additions.isWatched = display.isTerminal
    let settings = try SandboxSettings(
      broker, adapterURL: emulator.baseURL, files: directory, logLevel: options.logLevel.rawValue, additions)
    let topics =
      broker.hasTopics ? nil : try SandboxTopics(settings.worker, partitionCount: SandboxBroker.partitionCount)
    // Clients end before the broker does: they live in here alone.
    let parts = Parts(
      directory: directory, samples: samples, emulator: emulator, broker: broker, settings: settings, stop: stop)
    let outcome = Result { () throws(CommandFailure) in try serve(parts) }
    let removal = Result { () throws(CommandFailure) in
      guard broker.outlivesSandbox, let topics else { return }
      // A Kafka that does not answer may take its time for this too.
      if case .failure = outcome { display.say("\nDeleting the topics and the group …") }
      try topics.remove()
      display.say("\nThe topics and the group \(settings.worker.kafka.groupId).… are deleted.")
    }
    if case .failure = removal {
      display.say("\nLeft behind, for they could not be deleted: topics and group \(settings.worker.kafka.groupId).…")
    }
    let isAsExpected = try outcome.get()
    try removal.get()
    return isAsExpected
  }

  private func serve(_ parts: Parts) throws(CommandFailure) -> Bool {
    let settings = parts.settings.worker
    display.say(SandboxGuide.parts(parts.broker, adapterURL: parts.emulator.baseURL, settings.topics))
    display.say(SandboxGuide.samples(parts.samples))
    let frames = display.begin(
      SandboxGuide.title(parts.broker, adapterURL: parts.emulator.baseURL), eventMaxBytes: settings.eventByteLimit)
    defer { withExtendedLifetime(frames) { _ = display.end() } }
    let pipe =
      display.isDrawn && isatty(STDERR_FILENO) == 1
      ? LogPipe { [display] line in display.say([StyledLine(line, .dim)]) } : nil
    let log = Log(level: settings.log.level, format: settings.log.format, descriptor: pipe?.descriptor ?? STDERR_FILENO)
    defer {
      log.flush()
      pipe?.finish()
    }
    let kafka = try KafkaProperties(checking: settings.kafka, log: log)
    let sender = SampleSender(
      parts.samples, kafka, settings.topics, partitionCount: SandboxBroker.partitionCount,
      interval: display.isTerminal ? Self.watchedInterval : 0, onFailure: parts.stop.turnOn)
    let worker = try Worker(settings: settings, options: workerOptions(parts, sender), log: log)
    parts.stop.does(worker.stop)
    let commands = ReadyCommand.all(try place(parts, adminURL: worker.adminAddress.map { "http://\($0)" }))
    let calls = { @Sendable [emulator = parts.emulator] (userId: Int64) in Int64(emulator.user(userId)?.calls ?? 0) }
    let watch = watch(parts, kafka, calls: calls, commands)
    watch.start()
    let brokerWatch = BrokerWatch(parts.broker) { [display, stop = parts.stop] in
      display.say([StyledLine("Kafka has ended by itself. Stopping …", .red)])
      stop.turnOn()
    }
    let end = withExtendedLifetime(brokerWatch) { worker.run() }
    // Only now is it certain that nothing more comes: a stop settles what is in flight.
    var (board, failure) = watch.finish()
    board.judge(calls: calls)
    let sending = Result { () throws(KafkaFailure) in try sender.finish() }
    // What it has logged stands before the summary, and the summary before what went wrong.
    log.flush()
    pipe?.finish()
    sum(up: board)
    if let words = parts.broker.lastWords { throw Self.ended(words) }
    if let failure { throw CommandFailure(failure) }
    try Self.attempt { () throws(KafkaFailure) in try sending.get() }
    guard end == .ok else {
      throw CommandFailure(end, .init("sandbox", "the worker", "it ended by itself", hint: "what its log says above"))
    }
    return board.rows.allSatisfy(\.isAsExpected)
  }

  /// The Kafka that was started here has ended by itself.
  private static func ended(_ lastWords: String) -> CommandFailure {
    let words = lastWords.isEmpty ? "its log is empty" : "the last line of its log: \(lastWords.plain(limit: 300))"
    return CommandFailure(
      .unavailable, .init("sandbox", "Kafka", "has ended by itself; \(words)", hint: "start the sandbox again"))
  }

  private func watch(
    _ parts: Parts, _ kafka: KafkaProperties, calls: @escaping @Sendable (Int64) -> Int64, _ commands: [ReadyCommand]
  ) -> SandboxWatch {
    SandboxWatch(
      .init(
        kafka: kafka, topics: parts.settings.worker.topics, partitionCount: SandboxBroker.partitionCount,
        emulator: parts.emulator, display: display, limit: options.limit,
        onSettled: { [display, isOnce = options.isOnce, stop = parts.stop] board in
          guard !isOnce else { return stop.turnOn() }
          board.judge(calls: calls)
          display.settle()
          display.say([StyledLine(), SandboxSummary.verdict(board)] + SandboxGuide.invitation(commands))
        }, onFailure: parts.stop.turnOn), samples: parts.samples)
  }

  private func sum(up samples: Scoreboard) {
    let board = display.end()
    display.say([StyledLine()] + SandboxSummary.table(samples.rows))
    display.say([StyledLine()] + SandboxSummary.lines(board) + [StyledLine(), SandboxSummary.verdict(samples)])
  }

  // MARK: - Parts

  private func startEmulator(_ credential: Secret, _ samples: [Sample]) throws(CommandFailure) -> AdapterEmulator {
    var configuration = AdapterEmulatorConfiguration(credential: credential)
    options.behaviour.apply(to: &configuration)
    if display.isTerminal, let latency = options.watchedLatency { configuration.latency = latency }
    for sample in samples {
      guard let userId = sample.userId, let rule = sample.rule, configuration.rules[userId] == nil else { continue }
      configuration.rules[userId] = rule
    }
    do { return try AdapterEmulator(configuration: configuration) } catch { throw CommandFailure(error) }
  }

  private func startBroker() throws(CommandFailure) -> SandboxBroker {
    switch options.kafka {
    case .inMemory: try SandboxBroker.inMemory()
    case .distribution(let home): try SandboxBroker.start(home) { display.say($0) }
    case .running(let servers): SandboxBroker.running(servers)
    }
  }

  private func workerOptions(_ parts: Parts, _ sender: SampleSender) -> Worker.Options {
    // The broker in memory keeps no offsets: after a rebalance the worker takes what is there again, and knows it.
    let isKept = !parts.broker.hasTopics
    return Worker.Options(
      startsFromBeginning: !isKept,
      topics: isKept ? .trial : .made(partitionCount: SandboxBroker.partitionCount),
      onObservation: { [display] observation in
        sender.take(observation)
        display.take(.observed(observation))
      })
  }

  /// Where everything is, with the files that others need.
  private func place(_ parts: Parts, adminURL: String?) throws(CommandFailure) -> ReadyCommand.Place {
    let path = parts.directory.path
    let settingsFile = try parts.directory.write(
      "worker.properties", parts.settings.properties(storeDirectory: path + "/second-store"))
    var kcatFile: String?
    if let kcat = parts.settings.kcat { kcatFile = try parts.directory.write("kcat.properties", kcat) }
    return ReadyCommand.Place(
      program: ReadyCommand.program(called: CommandLine.arguments.first ?? "linkworker", environment: environment),
      settingsFile: settingsFile, kcatFile: kcatFile, bootstrap: parts.broker.bootstrap,
      topics: parts.settings.worker.topics, adapterURL: parts.emulator.baseURL,
      adminURL: adminURL, takesWorkers: !parts.broker.hasTopics,
      variables: environment.keys.filter { $0.hasPrefix(SettingSources.variablePrefix) })
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
