import LinkKafka
import Testing

@testable import LinkCommands

@Suite("Kafka's settings")
struct KafkaSettingsTests {
  private func load(_ arguments: [String]) throws(SettingsFailure) -> WorkerSettings {
    try SettingsLoader(arguments: arguments).load(for: .kafka)
  }

  private func problems(_ arguments: String...) -> [SettingProblem] {
    do {
      _ = try load(arguments)
      return []
    } catch {
      return error.problems
    }
  }

  @Test("pass through to librdkafka without their prefix, as they were written")
  func passThrough() throws {
    let settings = try load([
      "kafka.bootstrap.servers=localhost:9092", "kafka.group.id=fleet", "kafka.group.instance.id=w-1",
      "kafka.session.timeout.ms= 12 ", "kafka.client.rack=",
    ])
    #expect(settings.kafka.groupId == "fleet")
    #expect(settings.kafka.groupInstanceId == "w-1")
    #expect(
      settings.kafka.properties.map { "\($0.name)=\($0.reveal())" } == [
        "bootstrap.servers=localhost:9092", "client.rack=", "group.instance.id=w-1", "session.timeout.ms= 12 ",
      ])
  }

  @Test(
    "that the protocol owns are refused by name with the reason",
    arguments: [
      "isolation.level", "enable.auto.commit", "enable.auto.offset.store", "enable.partition.eof", "auto.offset.reset",
      "group.protocol", "partition.assignment.strategy", "enable.idempotence", "transactional.id",
      "transaction.timeout.ms", "acks", "partitioner", "delivery.report.only.error", "request.required.acks",
      "metadata.broker.list",
    ])
  func owned(name: String) {
    let found = problems("kafka.bootstrap.servers=localhost", "kafka.\(name)=x")
    #expect(found.map(\.subject) == ["kafka.\(name)"])
    #expect(found.first?.fault.reason.hasPrefix("cannot be set: ") == true)
    #expect(found.first?.fault.hint == "leave it out")
  }

  @Test("refuse all that the clients would refuse later")
  func ownedByClients() {
    // kafka.group.id is a setting of the table
    #expect(Set(KafkaProperties.ownedByProtocol).subtracting(KafkaProperty.owned.keys) == ["group.id"])
  }

  @Test("refuse what the protocol owns from the environment as well")
  func ownedInEnvironment() {
    let loader = SettingsLoader(
      environment: ["LINKWORKER_KAFKA_ACKS": "1", "LINKWORKER_KAFKA_BOOTSTRAP_SERVERS": "localhost"])
    #expect(throws: SettingsFailure.self) { try loader.load(for: .kafka) }
  }

  @Test("take the SASL password from a file without its newline, and show it nowhere")
  func password() throws {
    let directory = try TemporaryDirectory()
    let file = try directory.write("password", "c4nary pässword\n")
    let settings = try load(["kafka.bootstrap.servers=localhost", "kafka.sasl.password.file=\(file)"])
    let property = try #require(settings.kafka.properties.first { $0.name == "sasl.password" })
    #expect(property.reveal() == "c4nary pässword")
    #expect(property.isSecret)
    var dumped = ""
    dump(settings, to: &dumped)
    #expect(!"\(settings)\(dumped)".contains("c4nary"))

    let both = problems(
      "kafka.bootstrap.servers=localhost", "kafka.sasl.password.file=\(file)", "kafka.sasl.password=c4nary")
    #expect(both.map(\.fault.reason) == ["is set, and so is kafka.sasl.password"])
  }

  @Test(
    "without TLS on another machine are refused",
    arguments: [
      (["kafka.bootstrap.servers=kafka.example:9092"], false),
      (["kafka.bootstrap.servers=localhost:9092,kafka.example:9092"], false),
      (["kafka.bootstrap.servers=kafka.example:9092", "kafka.security.protocol=SASL_PLAINTEXT"], false),
      (["kafka.bootstrap.servers=kafka.example:9092", "kafka.security.protocol=SASL_SSL"], true),
      (["kafka.bootstrap.servers=kafka.example:9092", "kafka.security.protocol=ssl"], true),
      (["kafka.bootstrap.servers=kafka.example:9092", "insecure.kafka=true"], true),
      (["kafka.bootstrap.servers=SSL://kafka.example:9092"], true),
      (["kafka.bootstrap.servers=PLAINTEXT://kafka.example:9092", "kafka.security.protocol=ssl"], false),
      (["kafka.bootstrap.servers=localhost:9092,127.8.9.10, [::1]:9092"], true),
      (["kafka.bootstrap.servers=127.1:9092"], false),
      (["kafka.bootstrap.servers=127.0.0.1.example:9092"], false),
      (["kafka.bootstrap.servers=[2001:db8::1]:9092"], false),
      (
        [
          "kafka.bootstrap.servers=kafka.example", "kafka.security.protocol=ssl",
          "kafka.enable.ssl.certificate.verification=false",
        ], false
      ),
      (
        [
          "kafka.bootstrap.servers=kafka.example", "kafka.security.protocol=ssl",
          "kafka.ssl.endpoint.identification.algorithm=none",
        ], false
      ),
    ])
  func insecure(arguments: [String], isAccepted: Bool) {
    do {
      _ = try load(arguments)
      #expect(isAccepted)
    } catch {
      #expect(!isAccepted)
      #expect(error.problems.map(\.subject) == ["kafka.bootstrap.servers"])
      #expect(error.problems.first?.fault.hint.contains("insecure.kafka=true") == true)
    }
  }
}
