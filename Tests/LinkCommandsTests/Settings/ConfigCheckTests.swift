import Foundation
import LinkSandbox
import LinkTestSupport
import Testing

@testable import LinkCommands

@Suite("linkworker config check")
struct ConfigCheckTests {
  private let scratch: Scratch
  private let credential: String

  init() throws {
    scratch = try Scratch()
    credential = try scratch.write("credential", "c4nary-credential\n")
  }

  private func check(
    _ file: String, _ arguments: String..., environment: [String: String] = [:]
  ) throws -> Program.Outcome {
    let path = try scratch.write("worker.properties", file)
    return try Program.Running(["config", "check", "--config", path] + arguments, environment).end()
  }

  private var sound: String {
    "kafka.bootstrap.servers=127.0.0.1:1\nadapter.url=http://127.0.0.1:1\nadapter.credential.file=\(credential)\n"
  }

  @Test("prints every effective setting with the place that it comes from")
  func origins() throws {
    let outcome = try check(
      sound + "kafka.client.id=me\n", "-X", "log.level=debug", environment: ["LINKWORKER_COMMIT_BATCH": "7"])
    #expect(outcome.code == 0, "\(outcome.output)\(outcome.errors)")
    let lines = outcome.output.split(separator: "\n").map(String.init)
    let file = scratch["worker.properties"]
    for line in [
      "kafka.bootstrap.servers = 127.0.0.1:1  (\(file):1)", "kafka.group.id = linkworker  (default)",
      "instance.id is not set", "adapter.credential.file = \(credential)  (\(file):3)",
      "commit.batch = 7  (environment variable LINKWORKER_COMMIT_BATCH)", "log.level = debug  (-X)",
      "kafka.client.id = me  (\(file):4)", "The worker takes these settings.",
    ] { #expect(lines.contains(line), "\(line)") }
    #expect(lines.count == SettingTable.all.count + 2)
  }

  @Test("shows no secret, neither in text nor as JSON, neither sound nor faulty", arguments: [[], ["--json"]])
  func secrets(form: [String]) throws {
    let names = [
      "kafka.sasl.password", "kafka.ssl.key.password", "kafka.ssl.keystore.password", "kafka.ssl.key.pem",
      "kafka.ssl.certificate.pem",
      "kafka.sasl.oauthbearer.config", "kafka.sasl.oauthbearer.client.secret",
    ]
    let secrets = names.map { "\($0)=c4nary-\($0)\n" }.joined()
    let path = try scratch.write("worker.properties", sound + secrets)
    let outcome = try Program.Running(["config", "check", "--connect", "--config", path] + form).end()
    for name in names {
      #expect(!outcome.output.contains("c4nary-\(name)") && !outcome.errors.contains("c4nary-\(name)"))
      let line = form.isEmpty ? "\(name) is set  (" : "{\"setting\":\"\(name)\",\"isSet\":true,\"origin\""
      #expect(outcome.output.contains(line), "\(name)")
    }
    #expect(!outcome.output.contains("c4nary") && !outcome.errors.contains("c4nary"), "the credential neither")

    // Somebody has written the secrets where their files belong, and into the address.
    let wrong = try scratch.write(
      "wrong.properties",
      "kafka.bootstrap.servers=127.0.0.1:1\nadapter.url=http://u:c4nary@127.0.0.1:1\n"
        + "adapter.credential.file=c4nary\nkafka.sasl.password.file=c4nary\n")
    let faulty = try Program.Running(["config", "check", "--connect", "--config", wrong] + form).end()
    #expect(faulty.code == 78)
    #expect(!faulty.output.contains("c4nary") && !faulty.errors.contains("c4nary"), "\(faulty.output)")
  }

  @Test("shows no value of a property that librdkafka does not know or does not take", arguments: [[], ["--json"]])
  func unknownSecrets(form: [String]) throws {
    let pasted = [
      "kafka.sasl.jaas.config": #"PlainLoginModule required username="u" password="c4nary";"#,
      "kafka.sasl.pasword": "c4nary", "kafka.ssl.keystore.key": "c4nary", "kafka.ssl.trustore.pin": "c4nary",
      "kafka.client.sekret": "c4nary",
    ]
    let path = try scratch.write("worker.properties", sound + pasted.map { "\($0)=\($1)\n" }.joined())
    let outcome = try Program.Running(["config", "check", "--config", path] + form).end()
    #expect(outcome.code == 78)
    #expect(!outcome.output.contains("c4nary") && !outcome.errors.contains("c4nary"), "\(outcome.output)")
    for name in pasted.keys {
      let line = form.isEmpty ? "\(name) is set  (" : "{\"setting\":\"\(name)\",\"isSet\":true,\"origin\""
      #expect(outcome.output.contains(line), "\(name)")
    }
    #expect(outcome.output.contains(form.isEmpty ? "kafka.bootstrap.servers = 127.0.0.1:1" : "127.0.0.1:1"))
  }

  @Test("tells of a bad value once, whatever else is wrong, and what a missing mechanism means")
  func oneEach() throws {
    let time = try check(sound + "adapter.timeout.ms=abc\n")
    #expect(time.output.split(separator: "\n").count { $0.hasPrefix("problem ") } == 1, "\(time.output)")
    let two = try check(sound + "kafka.no.such.name=1\nkafka.session.timeout.ms=soon\nkafka.fetch.min.bytes=x\n")
    let problems = two.output.split(separator: "\n").filter { $0.hasPrefix("problem ") }
    #expect(problems.count == 3, "\(two.output)")
    for name in ["kafka.no.such.name", "kafka.session.timeout.ms", "kafka.fetch.min.bytes"] {
      #expect(problems.count { $0.contains(name) } == 1)
    }
    let mechanism = try check(sound + "kafka.security.protocol=SASL_SSL\n", "--connect")
    #expect(mechanism.output.contains("Try: set kafka.sasl.mechanism"), "\(mechanism.output)")
  }

  @Test("tells all that is wrong at once, with the same codes with which the worker ends")
  func problems() throws {
    let outcome = try check(
      sound.replacing(credential, with: scratch["nowhere"]) + "kafka.session.timeout.ms=soon\nretry.attempts=many\n")
    #expect(outcome.code == 78)
    let problems = outcome.output.split(separator: "\n").filter { $0.hasPrefix("problem setting: ") }
    #expect(problems.count == 3, "\(outcome.output)")
    for words in ["adapter.credential.file", "kafka.session.timeout.ms", "retry.attempts"] {
      #expect(problems.count { $0.contains(words) && $0.contains(". Try: ") } == 1)
    }
    #expect(
      outcome.errors
        == "linkworker: config check: there are 3 problems. Try: what is said of each above\n")
    #expect(try check(sound.replacing(credential, with: scratch["nowhere"])).code == 66)
    #expect(try check(sound + "adapter.ca.file=\(credential)\n").code == 78)
  }

  @Test("--connect goes on after each problem: Kafka away, adapter there, store in the way, as JSON objects")
  func connects() throws {
    let emulator = try AdapterEmulator(forDeploymentWith: { _ in })
    defer { emulator.stop() }
    let path = try scratch.write(
      "worker.properties",
      "kafka.bootstrap.servers=127.0.0.1:1\nkafka.socket.connection.setup.timeout.ms=1000\n"
        + "adapter.url=\(emulator.baseURL)\nadapter.credential.file=\(credential)\nstore.directory=\(credential)\n")
    let outcome = try Program.Running(["config", "check", "--connect", "--json", "--config", path]).end()
    #expect(outcome.code == 69)
    var found: [String: [String]] = [:]
    for line in outcome.output.split(separator: "\n") {
      let object = try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      guard let check = object["check"] as? String, let status = object["status"] as? String else { continue }
      found[check, default: []].append(status)
      #expect((status == "problem") == (object["exitCode"] != nil))
    }
    #expect(
      found == [
        "kafka": ["problem"], "topic": ["untried"], "permission": ["untried"], "adapter": ["ok"],
        "credential": ["ok"], "store": ["problem"],
      ])
    #expect(emulator.stats.calls == 0, "no token was asked for")
  }

  @Test(
    "Between the codes of several problems the settings come first, then permissions, services, files and the store")
  func worst() {
    #expect(CheckResult.worst([.cantCreate, .noInput, .unavailable, .noPermission, .config]) == .config)
    #expect(CheckResult.worst([.cantCreate, .noInput, .unavailable, .noPermission]) == .noPermission)
    #expect(CheckResult.worst([.cantCreate, .noInput]) == .noInput)
    #expect(CheckResult.worst([]) == .ok)
  }
}
