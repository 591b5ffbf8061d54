import Foundation
import LinkCore
import LinkKafka
import LinkSandbox
import LinkTestSupport
import Testing

@Suite(
  "linkworker sandbox on a real Kafka", .enabled(if: TestKafka.isAvailable, "KAFKA_HOME is not set"),
  .timeLimit(.minutes(10)))
struct SandboxOnKafkaTests {
  @Test("runs on a Kafka of its own, which ends with it even after SIGKILL, with all that it kept")
  func ownKafka() throws {
    let home = try #require(KafkaDistribution.fromEnvironment)
    // That nobody answers takes its time to find out.
    let away = try RunningProgram([RunningProgram.linkworker, "sandbox", "--kafka", "127.0.0.1:1"])
    let scratch = try Scratch()
    let program = try RunningProgram(
      [RunningProgram.linkworker, "sandbox", "--kafka-home", home.home],
      environment: ["TMPDIR": scratch.path].merging(
        home.version.map { ["KAFKA_HOME": home.home, "KAFKA_VERSION": $0] } ?? [:]
      ) {
        $1
      })
    func said() -> String { String(decoding: program.output, as: UTF8.self) }
    try awaiting("The samples' end", state: { program.tail }) { said().contains("until Ctrl-C") }
    #expect(said().contains("All 8 samples ended as expected."))
    #expect(said().contains("This is a real Kafka \(try #require(home.jarVersion)), one broker (KRaft)"))
    #expect(!said().contains("in memory") && program.errors.isEmpty)
    let bootstrap = try #require(said().firstMatch(of: #/broker +(127\.0\.0\.1:[0-9]+) /#)?.1)
    let admin = try KafkaAdmin(properties: KafkaProperties(["bootstrap.servers": String(bootstrap)]))
    #expect(try admin.metadata(of: ["link-account.state"])["link-account.state"]?.partitions == 4)
    program.kill()
    try awaiting("The end of Kafka and its data") {
      try FileManager.default.contentsOfDirectory(atPath: scratch.path).isEmpty
    }
    let port = try #require(bootstrap.split(separator: ":").last.flatMap { UInt16($0) })
    try awaiting("The end of its listening") { RawHTTP.send(["GET / HTTP/1.1"], port: port) == nil }
    let unreached = try away.end()
    #expect(unreached.code == 69 && unreached.errorText.contains("127.0.0.1:1"))
  }

  @Test("sums up before it says that Kafka has ended, its own or another's, and what is left there")
  func endOfKafka() throws {
    let home = try #require(KafkaDistribution.fromEnvironment)
    let scratch = try Scratch()
    let environment = ["TMPDIR": scratch.path].merging(
      home.version.map { ["KAFKA_HOME": home.home, "KAFKA_VERSION": $0] } ?? [:]
    ) { $1 }
    func start(_ arguments: String...) throws -> RunningProgram {
      let program = try RunningProgram(
        [RunningProgram.linkworker, "sandbox"] + arguments, environment: environment)
      try awaiting("The samples' end", state: { program.tail }) {
        String(decoding: program.output, as: UTF8.self).contains("until Ctrl-C")
      }
      return program
    }
    let owner = try start("--kafka-home", home.home)
    let said = String(decoding: owner.output, as: UTF8.self)
    let bootstrap = try #require(said.firstMatch(of: #/broker +(127\.0\.0\.1:[0-9]+) /#)?.1)
    let guest = try start("--kafka", String(bootstrap))
    kill(try #require(children(of: owner.id).first { $0.command.contains("kafka.Kafka") }).id, SIGKILL)
    guest.signal(SIGINT)

    let end = try owner.end()
    #expect(end.code == 69 && end.outputText.contains("Kafka has ended by itself. Stopping …\n"))
    #expect(end.outputText.hasSuffix("All 8 samples ended as expected.\n") && end.outputText.contains("\nSummary\n"))
    #expect(end.errorText.contains("linkworker: sandbox: Kafka: has ended by itself; the last line of its log: ["))

    let other = try guest.end()
    #expect(other.code == 69 && other.outputText.contains("\nStopping …\n"), "\(other.errorText)")
    let rest = try #require(other.outputText.firstRange(of: "\nSummary\n"))
    #expect(
      other.outputText[rest.upperBound...].contains(
        #/deleted: topics and group linkworker-sandbox\.[a-z0-9]{8}\.…\n$/#))
    #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path).isEmpty)
  }

  /// The processes that a process has started.
  private func children(of parent: pid_t) throws -> [(id: pid_t, command: String)] {
    try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { name in
      guard let id = pid_t(name), let status = try? String(contentsOfFile: "/proc/\(id)/stat", encoding: .utf8),
        let end = status.lastIndex(of: ")"),
        status[end...].split(separator: " ").dropFirst(2).first == "\(parent)",
        let command = try? String(contentsOfFile: "/proc/\(id)/cmdline", encoding: .utf8)
      else { return nil }
      return (id, command)
    }
  }

  @Test("uses a Kafka that runs with topics and a group of its own, which are gone afterwards")
  func runningKafka() throws {
    let kafka = try TestKafka.shared
    let scratch = try Scratch()
    try scratch.write("worker.properties", "kafka.client.id=mine\nretry.max.ms=900000\n")
    let program = try RunningProgram(
      [
        RunningProgram.linkworker, "sandbox", "--kafka", kafka.bootstrap, "--config", scratch["worker.properties"],
        "-X", "kafka.session.timeout.ms=6000",
      ], environment: ["TMPDIR": scratch.path])
    func said() -> String { String(decoding: program.output, as: UTF8.self) }
    try awaiting("The samples' end", state: { program.tail }) { said().contains(" run --config ") }
    #expect(said().contains("All 8 samples ended as expected.") && said().contains("This is a Kafka of yours."))
    let stem = try #require(said().firstMatch(of: #/(linkworker-sandbox\.[a-z0-9]{8})\.requests/#)?.1)
    let names = TopicRole.allCases.map { "\(stem).\($0.rawValue)" }
    let admin = try KafkaAdmin(properties: TestKafka.properties(kafka))
    #expect(try admin.metadata(of: names).count == 4)

    // More than an address is needed to be the same client: kcat gets it from a file.
    let commands = said().split(separator: "\n").filter { $0.contains("kcat -F ") }.map(String.init)
    try #require(commands.count == 3)
    let outcomes = try RunningProgram.run(["/bin/sh", "-c", commands[1]])
    #expect(outcomes.code == 0 && outcomes.outputText.contains("link-account.token-ready.v1"))

    program.signal(SIGTERM)
    let end = try program.end()
    #expect(end.code == 0 && end.errors.isEmpty, "\(end.errorText)")
    #expect(end.outputText.contains("The topics and the group \(stem).… are deleted.\n"))
    try awaiting("The topics' end") { try admin.metadata(of: names).isEmpty }
    // A group that is not there can be made anew: nothing is committed under its name.
    let groups = try TestKafka.runTool([
      "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand", "--bootstrap-server", kafka.bootstrap, "--list",
    ])
    #expect(groups.code == 0 && !groups.outputText.contains(stem), "\(groups.errorText)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path) == ["worker.properties"])
  }
}
