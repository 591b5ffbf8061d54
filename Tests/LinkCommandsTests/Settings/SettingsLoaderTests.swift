import LinkCore
import LinkOps
import Testing

@testable import LinkCommands

@Suite("Settings")
struct SettingsLoaderTests {
  private let directory: TemporaryDirectory
  private let required: [String]

  init() throws {
    directory = try TemporaryDirectory()
    let credential = try directory.write("credential", "c4nary\n")
    required = [
      "kafka.bootstrap.servers=localhost:9092", "adapter.url=http://localhost:18080",
      "adapter.credential.file=\(credential)",
    ]
  }

  private func load(
    _ arguments: String..., file: String? = nil, environment: [String: String] = [:]
  ) throws -> WorkerSettings {
    let path = try file.map { try directory.write("worker.properties", $0) }
    return try SettingsLoader(configFile: path, environment: environment, arguments: required + arguments)
      .load(for: .worker)
  }

  /// The problems, each as `subject (origin): reason. Try: hint`, and the exit code.
  private func problems(
    _ arguments: String..., file: String? = nil, environment: [String: String] = [:]
  ) throws -> (lines: [String], exitCode: ExitCode) {
    let path = try file.map { try directory.write("worker.properties", $0) }
    do {
      _ = try SettingsLoader(configFile: path, environment: environment, arguments: required + arguments)
        .load(for: .worker)
      return ([], .ok)
    } catch {
      let lines = error.problems.map { "\($0.place): \($0.fault.reason). Try: \($0.fault.hint)" }
      return (lines.map { $0.replacing(directory.path, with: "DIR") }, error.exitCode)
    }
  }

  @Test("have the documented defaults")
  func defaults() throws {
    let settings = try load()
    #expect(settings.kafka.groupId == "linkworker")
    #expect(settings.kafka.groupInstanceId == nil)
    #expect(settings.topics[.requests] == "link-account.requests")
    #expect(settings.topics[.outcomes] == "link-account.outcomes")
    #expect(settings.topics[.state] == "link-account.state")
    #expect(settings.topics[.deadLetters] == "link-account.dead-letters")
    #expect(settings.unknownType == .deadLetter)
    #expect(settings.eventByteLimit == 65_536)
    #expect(settings.instanceId == nil)
    #expect(settings.adapter.url.description == "http://localhost:18080")
    #expect(settings.adapter.caFile == nil)
    #expect(settings.adapter.concurrency == 64)
    #expect(settings.adapter.connectTimeout == 1000)
    #expect(settings.adapter.timeout == 5000)
    #expect(settings.retry.initial == 500)
    #expect(settings.retry.max == 900_000)
    #expect(settings.retry.attempts == 0)
    #expect(settings.retry.deadline == 72 * 3_600_000)
    #expect(settings.tokenLife == 30 * 86_400_000)
    #expect(settings.stateRetention == 45 * 86_400_000)
    #expect(settings.storeDirectory == "linkworker-store")
    #expect(settings.commit.linger == 5 && settings.commit.batch == 1000)
    #expect(settings.shutdownTimeout == 30_000)
    #expect(settings.log.level == .info && settings.log.format == .json)
    #expect(!settings.insecure.kafka && !settings.insecure.adapter)
  }

  @Test("come from the file, over it the environment, over that -X")
  func precedence() throws {
    let file = "retry.max.ms=1001\nretry.initial.ms=11\ncommit.batch=7\nkafka.client.id=file\n"
    let environment = [
      "LINKWORKER_RETRY_INITIAL_MS": "12", "LINKWORKER_COMMIT_BATCH": "8", "LINKWORKER_KAFKA_CLIENT_ID": "env",
      "LINKWORKER_TOPICS_DEAD_LETTERS": "letters", "PATH": "/bin",
    ]
    let settings = try load("commit.batch=9", file: file, environment: environment)
    #expect(settings.retry.max == 1001)
    #expect(settings.retry.initial == 12)
    #expect(settings.commit.batch == 9)
    #expect(settings.topics.deadLetters == "letters")
    #expect(settings.kafka.properties.first { $0.name == "client.id" }?.reveal() == "env")
    #expect(try load("commit.batch=9", "commit.batch=10").commit.batch == 10)
  }

  @Test("name their file by LINKWORKER_CONFIG, unless --config does")
  func configVariable() throws {
    let other = try directory.write("other.properties", "commit.batch=3")
    #expect(try load(environment: ["LINKWORKER_CONFIG": other]).commit.batch == 3)
    #expect(try load(file: "commit.batch=4", environment: ["LINKWORKER_CONFIG": other]).commit.batch == 4)
  }

  @Test("are all read before anything is reported, each with its origin")
  func collecting() throws {
    let found = try problems(
      "log.level=loud", file: "\n# comment\nretry.max.ms = 5s\nadapter.concurrency=lots\nx\\u1\n",
      environment: ["LINKWORKER_RETRY_ATTEMPTS": "-1", "LINKWORKER_RETRY_MAX": "1"])
    #expect(
      found.lines == [
        #"DIR/worker.properties:5: has a \u without four hexadecimal digits. Try: double the backslash, or write \uXXXX"#,
        "LINKWORKER_RETRY_MAX: sets nothing that exists; did you mean LINKWORKER_RETRY_MAX_MS?. Try: LINKWORKER_RETRY_MAX_MS",
        #"adapter.concurrency (DIR/worker.properties:4): is not a whole number: "lots". Try: a whole number from 1 to 4096"#,
        #"retry.max.ms (DIR/worker.properties:3): is not a whole number of milliseconds: "5s". Try: 5000"#,
        #"retry.attempts (environment variable LINKWORKER_RETRY_ATTEMPTS): is out of range: "-1". Try: a whole number from 0 to 1000000"#,
        #"log.level (-X): is not one of its words: "loud". Try: error, warning, info, debug"#,
      ])
    #expect(found.exitCode == .config)
  }

  @Test(
    "say what is wrong with a value and what to try",
    arguments: [
      ("retry.max.ms=", "is empty. Try: give it a value, or leave it out"),
      ("retry.max.ms= 5", "begins or ends with a blank. Try: remove the blank"),
      (
        "retry.max.ms=99999999999999999999",
        #"is out of range: "99999999999999999999". Try: a whole number of milliseconds from 1 to 86400000"#
      ),
      (
        "retry.max.ms=1e3",
        #"is not a whole number of milliseconds: "1e3". Try: a whole number of milliseconds from 1 to 86400000"#
      ),
      (
        "retry.max.ms=٣",
        #"is not a whole number of milliseconds: "٣". Try: a whole number of milliseconds from 1 to 86400000"#
      ),
      ("retry.deadline.ms=2 d", #"is not a whole number of milliseconds: "2 d". Try: 172800000"#),
      (
        "retry.deadline.ms=900000d",
        #"is not a whole number of milliseconds: "900000d". Try: a whole number of milliseconds from 1000 to 31536000000"#
      ),
      ("event.max.bytes=64k", #"is not a whole number: "64k". Try: a whole number from 1024 to 524288"#),
      ("insecure.kafka=yes", #"is neither true nor false: "yes". Try: true"#),
      ("insecure.kafka=TRUE", #"is neither true nor false: "TRUE". Try: true"#),
      ("log.format=jsn", #"is not one of its words: "jsn". Try: json"#),
      ("requests.unknown.type=deadletter", #"is not one of its words: "deadletter". Try: dead-letter"#),
      ("kafka.group.id=a\u{7}b", "has a control character in it. Try: remove it"),
      ("instance.id=a\u{85}b", "has a control character in it. Try: remove it"),
      ("instance.id=" + String(repeating: "i", count: 201), "has 201 characters. Try: a name of at most 200"),
      (
        "topics.state=a b",
        #"cannot name a Kafka topic: "a b". Try: 1-249 letters, digits, dots, dashes and underscores"#
      ),
      (
        "topics.state=..", #"cannot name a Kafka topic: "..". Try: 1-249 letters, digits, dots, dashes and underscores"#
      ),
      ("topics.state=link.account_requests", nil),
      (
        "topics.state=link-account_requests",
        "is the same topic as topics.requests. Try: four names that differ in more than dots and underscores"
      ),
      (
        "retry.initial.ms=900001",
        "does not fit: retry.initial.ms is 900001 and retry.max.ms is 900000. Try: retry.initial.ms at most retry.max.ms"
      ),
      (
        "adapter.timeout.ms=999",
        "does not fit: adapter.connect.timeout.ms is 1000 and adapter.timeout.ms is 999. Try: adapter.connect.timeout.ms at most adapter.timeout.ms"
      ),
      (
        "token.life.ms=3888000001",
        "does not fit: token.life.ms is 3888000001 and state.retention.ms is 3888000000. Try: token.life.ms at most state.retention.ms"
      ),
      (
        "adapter.ca.file=/nowhere/ca.pem",
        #"names a file that does not exist: "/nowhere/ca.pem". Try: check the path; a relative one starts at the working directory"#
      ),
      ("adapter.ca.file=/", #"names a file that is a directory, not a file: "/". Try: name a file in it"#),
      (
        "kafka.bootstrap.servers=localhost:9092;other",
        #"is no list of brokers: "localhost:9092;other". Try: HOST:PORT,HOST:PORT"#
      ),
      (
        "kafka.bootstrap.servers=localhost:99999",
        #"is no list of brokers: "localhost:99999". Try: HOST:PORT,HOST:PORT"#
      ),
      ("adapter.ulr=x", "is no setting; did you mean adapter.url?. Try: adapter.url"),
      ("Adapter_Timeout.MS=1", "is no setting; did you mean adapter.timeout.ms?. Try: adapter.timeout.ms"),
      ("something.else=1", "is no setting. Try: leave it out; the settings are listed by linkworker help settings"),
      ("kafka.=1", "is no setting. Try: leave it out; the settings are listed by linkworker help settings"),
    ])
  func wording(argument: String, expected: String?) throws {
    let found = try problems(argument)
    guard let expected else { return #expect(found.lines.isEmpty) }
    let name = argument.prefix { $0 != "=" }
    #expect(found.lines == ["\(name) (-X): \(expected)"])
  }

  @Test("that are required are missed, unless the file that may hold them cannot be read")
  func missing() throws {
    func missing(_ loader: SettingsLoader, _ use: SettingsUse) -> [String] {
      do {
        _ = try loader.load(for: use)
        return []
      } catch {
        return error.problems.map(\.subject)
      }
    }
    #expect(
      missing(SettingsLoader(), .worker) == ["kafka.bootstrap.servers", "adapter.url", "adapter.credential.file"])
    #expect(missing(SettingsLoader(), .kafka) == ["kafka.bootstrap.servers"])
    #expect(missing(SettingsLoader(configFile: "/nowhere"), .worker) == ["--config"])
  }

  @Test("of a Kafka command do not ask for the adapter's files and addresses")
  func kafkaUse() throws {
    let loader = SettingsLoader(arguments: [
      "kafka.bootstrap.servers=localhost", "adapter.url=http://adapter.example", "adapter.credential.file=/nowhere",
    ])
    #expect(try loader.load(for: .kafka).kafka.bootstrapServers == "localhost")
  }

  @Test("end with 66 for a missing file, 77 for one that may not be read, 64 for a -X that is none")
  func exitCodes() throws {
    #expect(try problems("adapter.credential.file=/nowhere").exitCode == .noInput)
    #expect(try problems("adapter.credential.file=/nowhere", "retry.max.ms=x").exitCode == .noInput)
    #expect(try problems("nonsense").exitCode == .usage)
    #expect(try problems("nonsense").lines == ["-X: is not of the form name=value. Try: -X log.level=debug"])
    #expect(InputFile.Fault.notPermitted.exitCode == .noPermission)
  }

  @Test("ignore the variables that Kubernetes makes of a service called linkworker")
  func serviceLinks() throws {
    let environment = [
      "LINKWORKER_SERVICE_HOST": "10.0.0.1", "LINKWORKER_SERVICE_PORT": "80", "LINKWORKER_SERVICE_PORT_HTTP": "80",
      "LINKWORKER_PORT": "tcp://10.0.0.1:80", "LINKWORKER_PORT_80_TCP": "tcp://10.0.0.1:80",
      "LINKWORKER_PORT_80_TCP_PROTO": "tcp", "LINKWORKER_ADMIN_SERVICE_HOST": "10.0.0.2",
    ]
    #expect(try problems(environment: environment).lines.isEmpty)
    #expect(try problems(environment: ["LINKWORKER_PORT": "80"]).lines.count == 1)
    #expect(try problems(environment: ["LINKWORKER_kafka_CLIENT_ID": "x"]).lines.count == 1)
  }
}
