import LinkSandbox

/// The Kafka that a sandbox is to run on, as the command line has it.
enum SandboxKafka {
  /// One in this process.
  case inMemory
  /// A broker that is started from an unpacked Kafka.
  case distribution(home: String)
  /// One that runs already, by its bootstrap servers.
  case running(servers: String)

  /// Out of `--kafka-home` and `--kafka`, which exclude each other.
  init(_ invocation: Invocation) throws(CommandFailure) {
    switch (invocation.value("--kafka-home"), invocation.value("--kafka")) {
    case (nil, nil): self = .inMemory
    case (let home?, nil): self = .distribution(home: home)
    case (nil, let servers?):
      guard KafkaServer.list(servers) != nil else {
        throw .usage("--kafka", "\(quoted(servers)) is no list of brokers", hint: "--kafka HOST:PORT,HOST:PORT")
      }
      self = .running(servers: servers)
    case (_?, _?):
      throw .usage("--kafka", "is given, and so is --kafka-home", hint: "keep one of the two")
    }
  }
}
