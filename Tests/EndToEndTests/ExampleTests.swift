import Dispatch
import LinkCore
import LinkCrypto
import LinkSandbox
import LinkTestSupport
import Synchronization
import Testing

/// The examples of the help, each typed as it stands there, in a folder with what they name: `credential`, `requests.ndjson` and, where
/// there is a broker, `worker.properties`.
@Suite("The examples of the help", .serialized)
struct ExampleTests {
  @Test("Each that needs no Kafka ends with 0, by itself or when it is asked to")
  func examples() throws {
    let folder = try Scratch()
    try Self.fill(folder)
    let examples = try Example.all().filter { !$0.needsKafka }
    #expect(!examples.isEmpty)
    // The sandbox mostly waits, for its group: some at a time, as many as there are cores.
    let outcomes = Mutex<[String: Result<RunningProgram.Outcome, any Error>]>([:])
    DispatchQueue.concurrentPerform(iterations: examples.count) { index in
      let outcome = Result { try Self.runOnFreePorts(examples[index], in: folder) }
      outcomes.withLock { $0[examples[index].line] = outcome }
    }
    for (line, outcome) in outcomes.withLock({ $0 }) {
      let outcome = try outcome.get()
      #expect(outcome.code == 0, "\(line): \(outcome.errorText)")
    }
  }

  /// An example may name a port, or take the default one, and somebody else may be there for a while.
  private static func runOnFreePorts(_ example: Example, in folder: Scratch) throws -> RunningProgram.Outcome {
    var outcome = try example.run(in: folder)
    try awaiting("A free port for \(example.line)", state: { outcome.errorText }) {
      guard outcome.code == 73, outcome.errorText.contains("in use") else { return true }
      outcome = try example.run(in: folder)
      return false
    }
    return outcome
  }

  @Test("Every command has one")
  func complete() throws {
    let commands = Set(try Example.all().map(\.command))
    let list = try RunningProgram.run([RunningProgram.linkworker, "help", "--json"]).outputText
    #expect(list.split(separator: "\n").count == commands.count)
  }

  /// The files that examples name.
  static func fill(_ folder: Scratch) throws {
    try folder.write("credential", Deployment.credential + "\n")
    let requests =
      (1...3).map { number in
        RequestEvent(id: "example-\(number)", userID: 4710 + Int64(number), idempotencyKey: "k", accounts: [number])
      } + [RequestEvent(id: "example-4", userID: 14601, idempotencyKey: "tv-9b1d", accounts: [6_230_011])]
    try folder.write("requests.ndjson", requests.map { $0.structured + "\n" }.joined())
  }
}

extension EndToEnd {
  @Suite struct KafkaExampleTests {
    @Test(
      "Each example of the help that needs Kafka ends with 0, by itself or when it is asked to; a replay of a link that nobody knows, with 1"
    )
    func examples() throws {
      let emulator = try AdapterEmulator(forDeploymentWith: { _ in })
      defer { emulator.stop() }
      let kafka = try TestKafka.shared
      let deployment = try Deployment(kafka: kafka, adapterURL: emulator.baseURL, makesTopics: false)
      try ExampleTests.fill(deployment.scratch)
      let settings = deployment.settings.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)\n" }.joined()
      try deployment.scratch.write("worker.properties", settings)
      let environment = [
        "KAFKA_HOME": RealKafka.homeFromEnvironment ?? "", "KAFKA_BOOTSTRAP": kafka.bootstrap,
      ]
      let examples = try Example.all().filter(\.needsKafka)
      #expect(!examples.isEmpty)
      // Those of dead letters come last: audit would say, rightly, that no worker has put theirs aside.
      let isOfLetters = { (example: Example) in example.command.hasPrefix("dead-letters ") }
      let ordered = examples.filter { !isOfLetters($0) } + examples.filter(isOfLetters)
      for example in ordered where !example.needsWorker {
        if example.command == "dead-letters list" { try Self.putAside(deployment) }
        let outcome = try example.run(in: deployment.scratch, environment: environment)
        // No worker has run yet: it says that the link that it names would be refused.
        let namesLink = example.command == "replay" && example.line.hasSuffix("14601/tv-9b1d")
        #expect(
          outcome.code == (namesLink ? 1 : 0), "\(example.line): \(outcome.outputText)\(outcome.errorText)")
      }
      try checkBesideWorker(examples.filter(\.needsWorker), deployment)
    }

    /// Puts a dead letter where the examples look for one; it can be sent again, for its request is a valid one by now.
    private static func putAside(_ deployment: Deployment) throws {
      let request = RequestEvent(id: "example-5", userID: 4715, idempotencyKey: "k", accounts: [1]).record
      let source = SourceRecord(
        partition: 0, offset: 0, timestamp: Timestamp(milliseconds: 0), key: request.key, value: request.value,
        headers: request.headers)
      let events = EventWriter(
        groupID: deployment.group, instanceID: "worker-1", requestsTopic: deployment.topic(.requests), sha256: sha256,
        deadLetterMaxBytes: 1_000_000)
      var letter = events.deadLetter(
        record: source, fault: Malformation(.unknownType, "Events of this type are not served."))
      letter.partition = 0
      try deployment.write([letter])
    }

    /// The worker takes a free port, which the folder's settings then name.
    private func checkBesideWorker(_ examples: [Example], _ deployment: Deployment) throws {
      #expect(!examples.isEmpty)
      let worker = try deployment.startWorker(["admin.listen": "127.0.0.1:0"])
      let address = "127.0.0.1:\(try worker.adminPort())"
      let settings = deployment.settings.merging(["admin.listen": address]) { $1 }.sorted { $0.key < $1.key }
      try deployment.scratch.write("worker.properties", settings.map { "\($0.key)=\($0.value)\n" }.joined())
      try awaiting("A ready worker", state: { worker.program.tail }) {
        try deployment.run(["probe", "readyz"], with: ["admin.listen": address]).code == 0
      }
      try awaiting("The link of the examples", state: { worker.program.tail }) {
        try deployment.run(["links", "show", "14601/tv-9b1d"]).code == 0
      }
      for example in examples {
        let outcome = try example.run(in: deployment.scratch)
        #expect(outcome.code == 0, "\(example.line): \(outcome.outputText)\(outcome.errorText)")
      }
      try worker.stop()
    }
  }
}
