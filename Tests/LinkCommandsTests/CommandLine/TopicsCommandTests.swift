import Foundation
import LinkCore
import LinkKafka
import LinkSandbox
import Testing

@testable import LinkCommands

@Suite("linkworker topics")
struct TopicsCommandTests {
  @Test("reports every topic and finding, for people and as one JSON object a line")
  func report() throws {
    let report = TopicReport(
      names: [.requests: "r", .outcomes: "o", .state: "s", .deadLetters: "d"],
      found: [
        .requests: TopicDescription(partitions: 12, replication: 3),
        .state: TopicDescription(partitions: 12, replication: 3),
        .outcomes: TopicDescription(partitions: 1, replication: 1),
      ],
      made: [.state],
      findings: [TopicFinding(forbidsRunning: true, "it is \"bad\""), TopicFinding(forbidsRunning: false, "it is odd")])
    #expect(
      report.text == [
        "exists: r as requests (partitions: 12, replication: 3)",
        "exists: o as outcomes (partitions: 1, replication: 1)",
        "created: s as state (partitions: 12, replication: 3)",
        "missing: d as dead-letters",
        "differs, must be changed: it is \"bad\"",
        "differs: it is odd",
      ])
    #expect(
      report.json == [
        #"{"topic":"r","role":"requests","status":"exists","partitions":12,"replication":3}"#,
        #"{"topic":"o","role":"outcomes","status":"exists","partitions":1,"replication":1}"#,
        #"{"topic":"s","role":"state","status":"created","partitions":12,"replication":3}"#,
        #"{"topic":"d","role":"dead-letters","status":"missing"}"#,
        #"{"finding":"it is \"bad\"","forbidsRunning":true}"#,
        #"{"finding":"it is odd","forbidsRunning":false}"#,
      ])
  }

  @Test("names unknown properties of librdkafka all at once, with what was probably meant")
  func unknownProperties() throws {
    let outcome = try Program.run(
      "topics", "check", "-X", "kafka.bootstrap.servers=localhost:1", "-X", "kafka.sesion.timeout.ms=3",
      environment: ["LINKWORKER_KAFKA_DEBGU": "all"])
    #expect(outcome.code == 78)
    #expect(outcome.errorLines.count == 2)
    #expect(outcome.errors.contains("kafka.sesion.timeout.ms (-X)"))
    #expect(outcome.errors.contains("did you mean kafka.session.timeout.ms? Try: kafka.session.timeout.ms"))
    #expect(outcome.errors.contains("kafka.debgu (environment variable LINKWORKER_KAFKA_DEBGU)"))
  }

  @Test("says where a value that librdkafka does not take came from, and shows no secret")
  func badValue() throws {
    let outcome = try Program.run(
      "topics", "check", "-X", "kafka.bootstrap.servers=localhost:1", "-X", "kafka.session.timeout.ms=soon")
    #expect(outcome.code == 78)
    #expect(outcome.errorLines.count == 1)
    #expect(outcome.errors.hasPrefix("linkworker: setting: kafka.session.timeout.ms (-X): is not taken by librdkafka"))
    let secret = try Program.run(
      "topics", "check", "-X", "kafka.bootstrap.servers=localhost:1", "-X", "kafka.ssl.key.pem=c4nary",
      "-X", "kafka.security.protocol=ssl")
    #expect(secret.code != 0)
    #expect(!secret.errors.contains("c4nary"))
  }

  @Test("ends with 69 where no Kafka answers")
  func unreachable() throws {
    let outcome = try Program.run("topics", "check", "-X", "kafka.bootstrap.servers=127.0.0.1:1")
    #expect(outcome.code == 69)
    #expect(outcome.output.isEmpty)
    #expect(outcome.errorLines.count == 1)
    #expect(outcome.errors.contains(" Try: "))
  }

  @Test(
    "makes what is missing, changes nothing that exists, and refuses what the worker cannot run on",
    .enabled(if: RealKafka.homeFromEnvironment != nil, "KAFKA_HOME names no Kafka"))
  func realKafka() throws {
    let kafka = try RealKafka(home: try #require(RealKafka.homeFromEnvironment))
    func topics(_ arguments: String...) throws -> Program.Outcome {
      try Program.Running(["topics"] + arguments + ["-X", "kafka.bootstrap.servers=\(kafka.bootstrap)"]).end()
    }
    let missing = try topics("check")
    #expect(missing.code == 78)
    #expect(missing.output.components(separatedBy: "missing: ").count == 5)

    let created = try topics("create", "--partitions", "3")
    #expect(created.code == 0, "\(created.errors)")
    #expect(created.output.components(separatedBy: "created: ").count == 5)
    #expect(created.output.contains("created: link-account.state as state (partitions: 3, replication: 1)"))

    let again = try topics("create", "--json")
    #expect(again.code == 0)
    for line in again.output.split(separator: "\n") {
      let object = try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      #expect(object["status"] as? String == "exists" || object["finding"] != nil)
    }

    let other = try topics("create", "--partitions", "4", "-X", "topics.state=other.state")
    #expect(other.code == 78)
    #expect(other.errors.contains("has 3 partitions, not 4, and nothing was made. Try: --partitions 3, or none"))
    #expect(
      try topics("create", "-X", "topics.state=other.state").output.contains(
        "created: other.state as state (partitions: 3"))

    let admin = try KafkaAdmin(properties: KafkaProperties(["bootstrap.servers": kafka.bootstrap]))
    try admin.create(topic: "wrong", partitions: 2, settings: ["cleanup.policy": "delete"])
    let wrong = try topics("check", "-X", "topics.state=wrong")
    #expect(wrong.code == 78)
    #expect(wrong.output.components(separatedBy: "differs, must be changed: ").count == 3)
    #expect(
      wrong.errors
        == "linkworker: topics check: the worker cannot run on these topics. Try: what is said of them above\n")
    kafka.stop()
  }
}
