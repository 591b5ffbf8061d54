import Foundation
import Glibc
import LinkCore
import LinkKafka
import LinkSandbox
import LinkTestSupport
import Testing

@Suite("linkworker submit")
struct SubmitCommandTests {
  @Test("sends one request made of options to its user's home, with its key, its content type and what was said")
  func options() throws {
    let bench = try Bench()
    let outcome = try bench.submit(
      "--user", "14601", "--broker", "northwind", "--broker", "Café", "--account", "7", "--account", "8", "--verified",
      "false", "--idempotency-key", "k-1", "--deadline", "2m", "--context", #"{ "big":1234567890123456789012 }"#,
      "--id",
      "id-1", "--source", "/area", "--time", "2026-03-02T09:15:04Z")
    #expect(outcome.code == 0, "\(outcome.errorText)")
    let record = try #require(try bench.records().first)
    #expect(outcome.outputText == "acknowledged: id id-1, partition \(record.partition), offset 0\n")
    #expect(record.partition == HomePartition.of(userId: 14601, partitionCount: 5))
    #expect(record.key == Array("14601".utf8))
    #expect(record.headers == [Header("content-type", "application/cloudevents+json")])
    guard case .link(let request) = RequestReader().read(record) else { throw Missing("a link request") }
    #expect(request.id == "id-1" && request.source == "/area" && request.idempotencyKey == "k-1")
    #expect(
      request.scope == LinkScope(brokerNames: ["northwind", "Café"], accounts: .some([7, 8]), isVerified: false))
    #expect(request.context == Array(#"{ "big":1234567890123456789012 }"#.utf8))
    let wait = try #require(request.deadline) - Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))
    #expect((60_000...120_000).contains(wait))
  }

  @Test("gives each request made of options an id of its own and the source /linkworker/submit")
  func defaults() throws {
    let bench = try Bench()
    for _ in 0..<2 {
      let outcome = try bench.submit("--user", "5", "--broker", "b", "--all-accounts")
      #expect(outcome.code == 0, "\(outcome.errorText)")
    }
    let requests = try bench.records().map { RequestReader().read($0) }
    guard case .link(let first) = requests.first, case .link(let second) = requests.last else {
      throw Missing("two link requests")
    }
    #expect(first.id != second.id && first.id.characterCount == 32 && first.source == "/linkworker/submit")
    #expect(first.scope.accounts == .all && first.scope.isVerified == nil && first.deadline == nil)
  }

  @Test("sends a request made of options with --all-or-nothing, too")
  func singleAllOrNothing() throws {
    let bench = try Bench()
    let outcome = try bench.submit("--user", "5", "--broker", "b", "--all-accounts", "--all-or-nothing")
    #expect(outcome.code == 0 && outcome.outputText.hasPrefix("acknowledged: id "), "\(outcome.outputText)")
    #expect(try bench.records().count == 1)
  }

  @Test(
    "refuses options that make no valid request, and says which one is wrong",
    arguments: [
      (["--user", "0", "--broker", "b", "--all-accounts"], "--user: \"0\""),
      (["--broker", "b", "--all-accounts"], "--user: is missing"),
      (["--user", "1", "--broker", "b"], "--account: is missing, and so is --all-accounts"),
      (["--user", "1", "--broker", "b", "--account", "1", "--all-accounts"], "exclude each other"),
      (["--user", "1", "--all-accounts"], "--broker: The list is empty"),
      (
        ["--user", "1", "--broker", "b", "--account", "1", "--account", "1"], "--account: The list has an account twice"
      ),
      (["--user", "1", "--broker", "b", "--all-accounts", "--verified", "yes"], "--verified: \"yes\""),
      (
        ["--user", "1", "--broker", "b", "--all-accounts", "--deadline", "soon"],
        "--deadline: The field must be a moment"
      ),
      (
        ["--user", "1", "--broker", "b", "--all-accounts", "--context", "{},\"isVerified\":true"],
        "--context: is not JSON"
      ),
      (
        ["--user", "1", "--broker", "b", "--all-accounts", "--context", "[]"],
        "--context: The field must be a JSON object"
      ),
      (["--user", "1", "--broker", "b", "--all-accounts", "requests.ndjson"], "makes a request of its own"),
      (["--timeout", "5s", "requests.ndjson"], "--timeout: is how long --wait waits"),
      (["--rate", "0", "requests.ndjson"], "--rate: \"0\""),
    ])
  func usage(_ options: [String], _ words: String) throws {
    // Nothing listens there: what is wrong with the options is said before Kafka is asked.
    let outcome = try Program.Running(["submit", "-X", "kafka.bootstrap.servers=127.0.0.1:1"] + options).end()
    #expect(outcome.code == 64, "\(outcome.errors)")
    #expect(outcome.errors.contains(words), "\(outcome.errors)")
  }

  @Test("sends the good lines of a file byte for byte, names each bad one with its place, and ends with 65")
  func badLines() throws {
    let bench = try Bench()
    let good = (1...4).map {
      RequestEvent(id: "r\($0)", userID: Int64($0), idempotencyKey: "k", accounts: [1]).structured
    }
    let lines = [good[0], "{}", " " + good[1] + " \r", "", good[2].replacing("[1]", with: "[]"), good[3]]
    let file = try bench.scratch.write("requests.ndjson", lines.joined(separator: "\n"))
    let outcome = try bench.submit(file)
    #expect(outcome.code == 65)
    #expect(outcome.outputText == "read 6 lines: 3 sent, 3 acknowledged, 2 rejected, 0 not acknowledged\n")
    let errors = outcome.errorText.split(separator: "\n")
    #expect(errors.count == 3)
    #expect(
      errors[0].hasSuffix("requests.ndjson:2: invalid: /specversion: The specversion is not 1.0. (not_cloudevent)"))
    #expect(errors[1].contains("requests.ndjson:5: invalid: /data/ctidTraderAccountIds: The list is empty"))
    let values = try bench.records().compactMap(\.value).map { String(decoding: $0, as: UTF8.self) }
    #expect(values.sorted() == [lines[0], lines[2], lines[5]].sorted())

    let none = try bench.submit("--all-or-nothing", file)
    #expect(none.code == 65 && none.errorText.contains("nothing was sent: 2 lines would be refused"))
    let held = try bench.submit("--all-or-nothing", "--json", file).outputText
    #expect(held.contains(#""sent":0,"acknowledged":0,"rejected":2,"unacknowledged":0,"acknowledgedThrough":0,"#))
    #expect(try bench.records().count == 3)
    let fine = try bench.scratch.write("fine.ndjson", good.joined(separator: "\n"))
    #expect(try bench.submit("--all-or-nothing", fine).code == 0)
    #expect(try bench.records().count == 7)
  }

  @Test("reads standard input and writes one JSON object a request, and a summary")
  func json() throws {
    let bench = try Bench()
    let good = RequestEvent(id: "r1", userID: 9, idempotencyKey: "k", accounts: [1]).structured
    let file = try bench.scratch.write("lines", "\(good)\n[\n")
    let outcome = try bench.shell("cat \(file) | PROGRAM --json -")
    #expect(outcome.code == 65)
    let home = HomePartition.of(userId: 9, partitionCount: 5)
    #expect(
      outcome.outputText.split(separator: "\n").sorted() == [
        #"{"line":1,"id":"r1","source":"/client-area/test","status":"acknowledged","partition":\#(home),"offset":0}"#,
        #"{"line":2,"status":"rejected","pointer":"","reason":"The text ends before its value does.","code":"not_json"}"#,
        #"{"summary":{"read":2,"sent":1,"acknowledged":1,"rejected":1,"unacknowledged":0,"acknowledgedThrough":2,"#
          + #""interrupted":false}}"#,
      ])
    let piped = try bench.shell("cat \(file) | PROGRAM --all-or-nothing -")
    #expect(piped.code == 64 && piped.errorText.contains("needs a file that can be read twice"))
  }

  @Test("names the lines that Kafka did not acknowledge in time, and how to go on, and ends with 69")
  func brokerAway() throws {
    let bench = try Bench()
    let lines = (1...5_000).map {
      RequestEvent(id: "r\($0)", userID: 7, idempotencyKey: "k\($0)", accounts: [1]).structured
    }
    let file = try bench.scratch.write("requests.ndjson", lines.joined(separator: "\n") + "\n")
    let program = try bench.start(
      "--rate", "200", "--json", "-X", "kafka.message.timeout.ms=1500", "-X", "kafka.socket.timeout.ms=1000", "-X",
      "kafka.reconnect.backoff.max.ms=200", file)
    try awaiting("50 acknowledgements", state: { program.tail }) { program.output.count { $0 == 0x0A } >= 50 }
    bench.broker.stop()
    let outcome = try program.end()
    #expect(outcome.code == 69, "\(outcome.errorText)")
    let said = try outcome.outputText.split(separator: "\n").map { try JSONValue(parsing: Array($0.utf8)) }
    let status = { (word: Text) in said.filter { $0["status"]?.text == word }.compactMap { $0["line"]?.integer } }
    let (acknowledged, lost) = (status("acknowledged"), status("unacknowledged"))
    // One partition: what was acknowledged stands before what was not, and nothing is missing between.
    #expect(acknowledged == Array(1...Int64(acknowledged.count)))
    #expect(lost.sorted() == Array(Int64(acknowledged.count + 1)...Int64(acknowledged.count + lost.count)))
    #expect(!lost.isEmpty && lost.count < 5_000 - acknowledged.count, "nothing more is read then")
    let first = acknowledged.count + 1
    #expect(outcome.errorText.contains("not acknowledged: line"))
    let options =
      "--rate 200 --json -X kafka.bootstrap.servers=\(bench.broker.bootstrap) -X kafka.message.timeout.ms=1500"
    let hint = "tail -n +\(first) \(file) | \(try RunningProgram.linkworker) submit \(options)"
    #expect(outcome.errorText.contains(hint), "\(outcome.errorText)")
  }

  @Test("ends at once after Ctrl-C while Kafka does not answer, and says that nothing was sent")
  func frozen() throws {
    let silence = try SilentServer()
    let program = try RunningProgram([
      try RunningProgram.linkworker, "submit", "-X", "kafka.bootstrap.servers=127.0.0.1:\(silence.port)", "--user", "1",
      "--broker", "b", "--all-accounts",
    ])
    try silence.awaitConnection()
    program.signal(SIGINT)
    let began = uptime()
    let outcome = try program.end()
    #expect(outcome.code == 130 && outcome.errorText.contains("nothing was sent"), "\(outcome.errorText)")
    #expect(uptime() - began < 6)
  }

  @Test("gives an account when its terminal is closed, with a command to go on that can be typed as it stands")
  func hangUp() throws {
    let bench = try Bench()
    let lines = (1...3_000).map {
      RequestEvent(id: "r\($0)", userID: 7, idempotencyKey: "k\($0)", accounts: [1]).structured
    }
    let file = try bench.scratch.write("it's a file.ndjson", lines.joined(separator: "\n") + "\n")
    let program = try bench.start("--rate", "500", "--json", "-X", "kafka.sasl.password=c4nary", file)
    try awaiting("50 acknowledgements", state: { program.tail }) { program.output.count { $0 == 0x0A } >= 50 }
    program.signal(SIGHUP)
    let outcome = try program.end()
    #expect(outcome.code == 130, "\(outcome.errorText)")
    #expect(!outcome.errorText.contains("c4nary") && outcome.errorText.contains("-X 'kafka.sasl.password=…'"))
    let hint = try #require(outcome.errorText.split(separator: "Try: ").last)
    let rest = try RunningProgram.run(["sh", "-c", String(hint)])
    #expect(rest.code == 0, "\(hint): \(rest.errorText)")
    #expect(Set(try bench.records().compactMap(\.value)) == Set(lines.map { Array($0.utf8) }))
    #expect(try bench.records().count == 3_000)
  }

  @Test("shows a progress bar on a terminal alone, and takes it away in the end")
  func progress() throws {
    let bench = try Bench()
    let lines = (1...150).map {
      RequestEvent(id: "r\($0)", userID: 7, idempotencyKey: "k\($0)", accounts: [1]).structured
    }
    let file = try bench.scratch.write("requests.ndjson", lines.joined(separator: "\n"))
    let onTerminal = try bench.shell("script -qec 'PROGRAM --rate 250 \(file)' /dev/null")
    #expect(onTerminal.code == 0)
    let screen = onTerminal.outputText
    #expect(screen.contains("\rsubmit ") && screen.contains(" requests, ") && screen.contains("/s, 0:00 left"))
    #expect(screen.contains("\r\u{1B}[Kread 150 lines: 150 sent, 150 acknowledged"))
    let piped = try bench.submit(file)
    #expect(piped.errors.isEmpty && !piped.output.contains(0x1B))
  }
}

/// A server that takes connections, as a frozen broker does, and never says anything.
private final class SilentServer {
  let port: UInt16
  private let descriptor: Int32

  init() throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let descriptor = descriptor
    let isUp = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, size) == 0 && listen(descriptor, 5) == 0 && getsockname(descriptor, $0, &size) == 0
      }
    }
    guard isUp else { throw Missing("A server") }
    port = UInt16(bigEndian: address.sin_port)
  }

  deinit { close(descriptor) }

  /// Returns once somebody has connected.
  func awaitConnection() throws {
    var poller = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    guard poll(&poller, 1, 120_000) == 1 else { throw Missing("A connection") }
  }
}

/// An embedded broker with a requests topic, and the built program before it.
private final class Bench {
  let scratch: Scratch
  let broker: EmbeddedBroker

  init() throws {
    scratch = try Scratch()
    broker = try EmbeddedBroker(topics: [("link-account.requests", 5)])
  }

  deinit { broker.stop() }

  func submit(_ arguments: String...) throws -> RunningProgram.Outcome { try start(arguments).end() }

  func start(_ arguments: String...) throws -> RunningProgram { try start(arguments) }

  private func start(_ arguments: [String]) throws -> RunningProgram {
    try RunningProgram([try RunningProgram.linkworker] + command + arguments)
  }

  /// A line for the shell, `PROGRAM` in it being the command with what it needs.
  func shell(_ line: String) throws -> RunningProgram.Outcome {
    let words = [try RunningProgram.linkworker] + command
    let line = line.replacing("PROGRAM", with: words.joined(separator: " "))
    return try RunningProgram.run(["sh", "-c", line], environment: ["TERM": "xterm"])
  }

  private var command: [String] { ["submit", "-X", "kafka.bootstrap.servers=\(broker.bootstrap)"] }

  func records() throws -> [SourceRecord] {
    var found: [SourceRecord] = []
    try KafkaBrowser(properties: KafkaProperties(["bootstrap.servers": broker.bootstrap])).read(
      topic: "link-account.requests", from: Dictionary(uniqueKeysWithValues: (0..<5).map { ($0, 0) })
    ) {
      found.append($0)
      return true
    }
    return found.sorted { ($0.partition, $0.offset) < ($1.partition, $1.offset) }
  }
}
