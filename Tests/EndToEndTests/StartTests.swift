import Glibc
import LinkSandbox
import LinkTestSupport
import Testing

/// Starts that fail before any Kafka answers.
@Suite(.serialized) struct StartTests {
  /// Settings that spoil a start, and what is to be seen of it.
  struct Spoilt: CustomTestStringConvertible, Sendable {
    var name: String
    var settings: [String: String]
    var code: Int32
    var problems: [[String]]

    init(_ name: String, _ settings: [String: String], _ code: Int32, _ problems: [String]...) {
      (self.name, self.settings, self.code, self.problems) = (name, settings, code, problems)
    }

    var testDescription: String { name }
  }

  static let settings = [
    Spoilt(
      "no credential file", ["adapter.credential.file": "~/nowhere"], 66,
      ["adapter.credential.file", "worker.properties:1", "does not exist"]),
    Spoilt(
      "a directory for a credential", ["adapter.credential.file": "~"], 66, ["adapter.credential.file", "directory"]),
    Spoilt(
      "an empty credential", ["adapter.credential.file": "~/empty"], 78, ["adapter.credential.file", "is empty"]),
    Spoilt(
      "a credential of two lines", ["adapter.credential.file": "~/lines"], 78,
      ["adapter.credential.file", "second line"]),
    Spoilt(
      "a credential that ends as on Windows", ["adapter.credential.file": "~/crlf"], 78,
      ["adapter.credential.file", "carriage return"]),
    Spoilt("no adapter.url", ["adapter.url": ""], 78, ["adapter.url", "required", "LINKWORKER_ADAPTER_URL"]),
    Spoilt("an adapter.url of another protocol", ["adapter.url": "ftp://127.0.0.1"], 78, ["adapter.url", "https"]),
    Spoilt(
      "a password in adapter.url", ["adapter.url": "https://me:canary-password-4711@adapter.example"], 78,
      ["adapter.url", "adapter.credential.file"]),
    Spoilt(
      "plain http to another machine", ["adapter.url": "http://adapter.example:8443"], 78,
      ["adapter.url", "plain text", "insecure.adapter=true"]),
    Spoilt(
      "plain Kafka on another machine", ["kafka.bootstrap.servers": "kafka.example:9092"], 78,
      ["kafka.bootstrap.servers", "PLAINTEXT", "insecure.kafka=true"]),
    Spoilt(
      "a list of brokers that is none", ["kafka.bootstrap.servers": "kafka example"], 78,
      ["kafka.bootstrap.servers", "HOST:PORT"]),
    Spoilt(
      "a certificate that is not there", ["kafka.ssl.ca.location": "~/ca.pem"], 66,
      ["kafka.ssl.ca.location", "does not exist"]),
    Spoilt(
      "an unreadable password", ["kafka.sasl.password.file": "~/nowhere"], 66, ["kafka.sasl.password.file"]),
    Spoilt(
      "many mistakes at once",
      [
        "adapter.concurrency": "many", "adapter.ulr": "x", "commit.batch": "0", "kafka.acks": "1",
        "kafka.fetch.wait.mx.ms": "1", "log.level": "inof", "retry.initial.ms": "5s",
        "kafka.sasl.pasword": "canary-password-4711",
      ], 78,
      ["adapter.ulr", "did you mean adapter.url?"],
      ["kafka.acks", "cannot be set", "leave it out"],
      ["adapter.concurrency", "\"many\"", "from 1 to 4096"],
      ["retry.initial.ms", "\"5s\"", "Try: 5000"],
      ["commit.batch", "out of range", "from 1 to 10000"],
      ["log.level", "Try: info"],
      ["kafka.fetch.wait.mx.ms", "did you mean kafka.fetch.wait.max.ms?"],
      ["kafka.sasl.pasword", "did you mean kafka.sasl.password?"]),
    Spoilt(
      "a value that librdkafka does not take", ["kafka.fetch.wait.max.ms": "canary"], 78,
      ["kafka.fetch.wait.max.ms", "not taken by librdkafka", "worker.properties:"]),
    Spoilt(
      "a store below a file", ["store.directory": "~/credential/store"], 73,
      ["~/credential/store", "Not a directory", "store.directory"]),
    Spoilt("a store that nobody may make", ["store.directory": "/proc/linkworker"], 73, ["/proc/linkworker"]),
  ]

  @Test(
    "A wrong setting ends the start at once with one line for it, the right exit code, and no secret",
    arguments: settings)
  func spoilt(_ spoilt: Spoilt) throws {
    let start = try Start()
    try start.scratch.write("empty", "")
    try start.scratch.write("lines", "\(Start.secrets[0])\nsecond\n")
    try start.scratch.write("crlf", "\(Start.secrets[0])\r\n")
    let began = uptime()
    let outcome = try start.run(spoilt.settings)
    #expect(uptime() - began < 10)
    outcome.expectFailure(
      spoilt.code, spoilt.problems.map { $0.map { $0.replacing("~", with: start.scratch.path) } })
    #expect(access(start.scratch["store"], F_OK) != 0, "nothing was made")
  }

  static let brokers = [
    Spoilt(
      "nobody listens", ["kafka.bootstrap.servers": "127.0.0.1:1"], 69,
      ["127.0.0.1:1", "Connection refused", "kafka.bootstrap.servers"]),
    Spoilt(
      "a name that does not resolve",
      ["kafka.bootstrap.servers": "no-such-host.invalid:9092", "insecure.kafka": "true"], 69,
      ["no-such-host.invalid:9092", "resolve", "check the host names in kafka.bootstrap.servers"]),
  ]

  @Test(
    "A broker that cannot be reached ends the start within 15 s with 69 and one line that names it", arguments: brokers)
  func unreachable(_ spoilt: Spoilt) throws {
    let began = uptime()
    let outcome = try Start().run(spoilt.settings)
    #expect(uptime() - began < 15)
    outcome.expectFailure(spoilt.code, spoilt.problems)
  }

  @Test("A listener that is no Kafka ends the start with 69 and one line that names it")
  func foreignListener() throws {
    let server = try AdapterEmulator(forDeploymentWith: { _ in })
    defer { server.stop() }
    let outcome = try Start(bootstrap: "127.0.0.1:\(server.port)").run()
    outcome.expectFailure(69, [["127.0.0.1:\(server.port)", "kafka.bootstrap.servers", "kafka.security.protocol"]])
  }

  @Test("SIGTERM during the start ends it at once, with 0 and a line that says so")
  func stopWhileStarting() throws {
    let start = try Start()
    let program = try start.begin()
    try awaiting("The store") { access(start.scratch["store"] + "/lock", F_OK) == 0 }
    program.signal(SIGTERM)
    let end = try program.end()
    #expect(end.code == 0 && end.errorText.contains(#""event":"worker.stopped""#), "\(end.errorText)")
  }
}
