import Glibc
import LinkCore
import LinkKafka
import LinkOps

/// How `submit` speaks: text for people or JSON for programs, and the progress bar below it.
struct SubmitVoice {
  /// As messages call the input.
  let name: String
  private let isJSON: Bool
  /// One request made of options: its line number says nothing.
  private let isSingle: Bool
  private let isOnTerminal: Bool
  private let console: Console
  private var output: LineOutput
  private var bar: ProgressBar

  init(name: String, isJSON: Bool, isSingle: Bool, _ invocation: Invocation) {
    self.name = LogText.escaped(name)
    self.isJSON = isJSON
    self.isSingle = isSingle
    isOnTerminal = isatty(invocation.console.output) == 1
    console = invocation.console
    output = LineOutput(invocation.console)
    bar = ProgressBar(invocation.console, environment: invocation.environment, title: "submit", unit: "requests")
  }

  /// A line that is not sent. As text it is a failure, and goes to standard error.
  mutating func reject(_ line: Int, _ fault: Malformation) {
    guard isJSON else { return complain(fault.line(name, line)) }
    say(line, status: "rejected") { $0.members(of: fault) }
  }

  /// Kafka has a request. As text only a single one is worth a line.
  mutating func acknowledge(_ request: SubmitLedger.Pending, partition: Int32, offset: Int64) {
    guard isJSON else {
      guard isSingle else { return }
      return say("acknowledged: id \(LogText.escaped(request.id.string)), partition \(partition), offset \(offset)")
    }
    say(request.line, request.id, request.source, status: "acknowledged") { json in
      json.name("partition")
      json.integer(Int64(partition))
      json.name("offset")
      json.integer(offset)
    }
  }

  /// Kafka refuses a request for itself. As text it is a failure, and goes to standard error.
  mutating func refuse(_ request: SubmitLedger.Pending, _ failure: KafkaFailure) {
    guard isJSON else {
      let place = isSingle ? name : "\(name):\(request.line)"
      return complain("\(place): refused by Kafka: \(failure.detail) (\(failure.name))")
    }
    say(request.line, request.id, request.source, status: "rejected") { json in
      json.name("reason")
      json.string(failure.detail)
      json.name("code")
      json.string(failure.name)
    }
  }

  /// Nobody acknowledged a request. As text the ranges at the end say it.
  mutating func lose(_ request: SubmitLedger.Pending, _ failure: KafkaFailure, mayBeWritten: Bool) {
    guard isJSON else { return }
    say(request.line, request.id, request.source, status: "unacknowledged") { json in
      json.name("mayBeWritten")
      json.boolean(mayBeWritten)
      json.name("reason")
      json.string(failure.detail)
      json.name("code")
      json.string(failure.name)
    }
  }

  /// How a request ended, or that it did not.
  mutating func end(_ entry: OutcomeWait.Entry, _ ending: OutcomeWait.Ending) {
    guard isJSON else { return say("\(place(entry.line))\(entry.description): \(ending.description)") }
    say(entry.line, entry.id, entry.source, status: ending.status) { json in
      json.name("userId")
      json.integer(entry.key.userId)
      json.name("idempotencyKey")
      json.string(entry.key.idempotencyKey)
      json.members(of: ending)
    }
  }

  /// Where things stand.
  mutating func progress(count: Int, fraction: Double?) {
    // Objects that run over a terminal by the thousand leave no room for a bar.
    if !isJSON || !isOnTerminal { bar.show(count: count, fraction: fraction) }
  }

  /// Writes what has gathered: to be called before anything is waited for.
  mutating func flush() {
    guard !output.isEmpty else { return }
    bar.erase()
    output.flush()
  }

  /// The last word on standard output.
  mutating func conclude(_ ledger: SubmitLedger, wait: OutcomeTally?, isInterrupted: Bool) {
    defer {
      bar.erase()
      flush()
    }
    guard isJSON else {
      if !isSingle || ledger.acknowledgedCount == 0 { say(ledger.summary) }
      if let wait, !isSingle { say(wait.summary) }
      return
    }
    var json = JSONWriter()
    json.beginObject()
    json.name("summary")
    json.beginObject()
    json.count("read", ledger.readCount)
    json.count("sent", ledger.sentCount)
    json.count("acknowledged", ledger.acknowledgedCount)
    json.count("rejected", ledger.rejectedCount + ledger.refusedCount)
    json.count("unacknowledged", ledger.lostLines.count)
    json.count("acknowledgedThrough", ledger.acknowledgedThrough)
    json.name("interrupted")
    json.boolean(isInterrupted)
    if let wait {
      json.count("tokens", wait.tokenCount)
      json.count("failed", wait.otherCount)
      json.count("waiting", wait.openCount)
    }
    json.endObject()
    json.endObject()
    output.print(json)
  }

  private func place(_ line: Int) -> String { isSingle ? "" : "\(name):\(line): " }

  private mutating func say(_ text: String) {
    bar.erase()
    output.print(text)
  }

  private mutating func say(
    _ line: Int, _ id: Text? = nil, _ source: Text? = nil, status: String, rest: (inout JSONWriter) -> Void
  ) {
    var json = JSONWriter(capacity: 256)
    json.beginObject()
    json.count("line", line)
    if let id, let source {
      json.name("id")
      json.string(id)
      json.name("source")
      json.string(source)
    }
    json.name("status")
    json.string(status)
    rest(&json)
    json.endObject()
    output.print(json)
  }

  private mutating func complain(_ text: String) {
    bar.erase()
    console.write(Array((text + "\n").utf8), to: console.errors)
  }
}
