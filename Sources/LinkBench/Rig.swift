import FoundationEssentials
import Glibc
import LinkSandbox

/// What all runs share: the broker, a folder for their files, the programs.
final class Rig {
  let options: BenchOptions
  fileprivate let broker: RealKafka
  let directory: String
  let credentialFile: String
  let worker: String
  let bench: String
  private var runCount = 0

  init(_ options: BenchOptions, kafkaHome: String) throws {
    self.options = options
    bench = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    worker = options.worker ?? String(bench.prefix(upTo: bench.lastIndex(of: "/") ?? bench.endIndex)) + "/linkworker"
    guard access(worker, X_OK) == 0 else {
      throw BenchFailure(
        "measure", worker, "it is no program", hint: "swift build -c release --product linkworker", exitCode: 66)
    }
    let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    directory = "\(parent)/linkbench-\(getpid())"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    credentialFile = directory + "/credential"
    try Data(Array("sandbox-credential\n".utf8)).write(to: URL(fileURLWithPath: credentialFile))
    broker = try RealKafka(home: kafkaHome)
  }

  var bootstrap: String { broker.bootstrap }

  /// Ends the broker and removes every file, unless they are to stay.
  func remove() {
    broker.kill()
    guard !options.keepsFiles else { return say("settings and logs: \(directory)") }
    try? FileManager.default.removeItem(atPath: directory)
  }

  /// A run's place: fresh topics, and a subject that is not started yet.
  func newRun(_ scenario: Scenario) throws -> Run {
    try newRun(of: scenario.subject, adapterLatency: scenario.adapterLatency)
  }

  /// A run's place: fresh topics, and a subject that is not started yet.
  func newRun(of subject: Scenario.Subject, adapterLatency: Int) throws -> Run {
    runCount += 1
    return try Run(self, subject, adapterLatency: adapterLatency, name: "bench-\(runCount)")
  }
}

/// The processes and topics of one run.
final class Run {
  let requestsTopic: String
  let outcomesTopic: String
  let stateTopic: String
  /// The consumer group, and the stem of all names.
  let name: String
  private let rig: Rig
  private let kind: Scenario.Subject
  private let emulator: ChildProcess
  private let adapterURL: String
  private var subject: ChildProcess?

  fileprivate init(_ rig: Rig, _ kind: Scenario.Subject, adapterLatency: Int, name: String) throws {
    self.rig = rig
    self.kind = kind
    self.name = name
    requestsTopic = name + ".requests"
    outcomesTopic = name + ".outcomes"
    stateTopic = name + ".state"
    let output = "\(rig.directory)/\(name)-emulator.log"
    emulator = try ChildProcess(
      [rig.worker, "adapter-emulator", "--port", "0", "--latency-ms", String(adapterLatency)], output: output)
    adapterURL = try Self.await("the adapter emulator", output) { text in
      guard let mark = text.firstRange(of: "adapter.url=") else { return nil }
      return text[mark.upperBound...].prefix { !$0.isWhitespace }.description
    }
    try writeSettings()
    try makeTopics()
  }

  deinit { end() }

  var log: String { "\(rig.directory)/\(name)-subject.log" }

  /// Starts what is measured; a worker may be of another program than the rig's.
  func start(worker: String? = nil) throws {
    let arguments =
      switch kind {
      case .worker: [worker ?? rig.worker, "run", "--config", settingsFile]
      case .floor:
        [
          rig.bench, "floor", rig.bootstrap, requestsTopic, outcomesTopic, name, adapterURL, rig.credentialFile,
          String(rig.options.concurrency),
        ]
      }
    subject = try ChildProcess(rig.options.wrapper + arguments, output: log)
  }

  /// What everybody has used up to now.
  func usage() -> UsageSnapshot {
    UsageSnapshot(
      subject: ProcessUsage(of: subject?.id ?? 0), load: ProcessUsage(of: getpid()),
      emulator: ProcessUsage(of: emulator.id), broker: ProcessUsage(of: rig.broker.processID ?? 0))
  }

  /// Throws where what is measured has ended by itself.
  func check() throws {
    guard subject?.hasEnded() ?? true else { return }
    throw BenchFailure(
      "measure", "the \(kind.rawValue)", "it has ended: \(Self.tail(log))", hint: "see above")
  }

  /// Ends the subject in good order, then the emulator.
  func end() {
    stop()
    emulator.terminate(within: 2_000)
    removeStore()
  }

  /// Ends the subject in good order; another may be started in its place.
  func stop() {
    subject?.terminate(within: 20_000)
    subject = nil
  }

  /// Where the worker keeps its store.
  var storeDirectory: String { "\(rig.directory)/\(name)-store" }

  /// Has the next worker begin without a store.
  func removeStore() { try? FileManager.default.removeItem(atPath: storeDirectory) }

  private var settingsFile: String { "\(rig.directory)/\(name).properties" }

  private func writeSettings() throws {
    let own = """
      kafka.bootstrap.servers=\(rig.bootstrap)
      kafka.group.id=\(name)
      topics.requests=\(requestsTopic)
      topics.outcomes=\(outcomesTopic)
      topics.state=\(stateTopic)
      topics.dead-letters=\(name).dead-letters
      adapter.url=\(adapterURL)
      adapter.credential.file=\(rig.credentialFile)
      adapter.concurrency=\(rig.options.concurrency)
      admin.listen=none
      store.directory=\(storeDirectory)

      """
    let names = Set(rig.options.settings.map { $0.prefix { $0 != "=" } })
    let kept = own.split(separator: "\n").filter { line in !names.contains(line.prefix { $0 != "=" }) }.map(String.init)
    let text = (kept + rig.options.settings).joined(separator: "\n") + "\n"
    try Data(Array(text.utf8)).write(to: URL(fileURLWithPath: settingsFile))
  }

  private func makeTopics() throws {
    let output = "\(rig.directory)/\(name)-topics.log"
    let command = try ChildProcess(
      [rig.worker, "topics", "create", "--config", settingsFile, "--partitions", String(rig.options.partitions)],
      output: output)
    while !command.hasEnded() { usleep(5_000) }
    guard command.howItEnded() == .exited(0) else {
      throw BenchFailure("make topics", name, Self.tail(output), hint: "see above", exitCode: 69)
    }
  }

  /// What `find` finds in a process's output, within ten seconds.
  private static func await(_ subject: String, _ output: String, _ find: (String) -> String?) throws -> String {
    for _ in 0..<2_000 {
      if let found = find(read(output)) { return found }
      usleep(5_000)
    }
    throw BenchFailure("start", subject, "it says nothing: \(tail(output))", hint: "the same command by hand")
  }

  private static func read(_ path: String) -> String {
    (FileManager.default.contents(atPath: path)).map { String(decoding: $0, as: UTF8.self) } ?? ""
  }

  private static func tail(_ path: String) -> String {
    read(path).split(separator: "\n").suffix(8).joined(separator: "\n")
  }
}
