import Glibc
import LinkCore
import LinkKafka
import LinkOps

/// How `submit` and `replay` speak: text for people or JSON for programs, and the progress bar below it.
struct SubmitVoice {
  /// As messages call the input.
  let name: String
  private let isJSON: Bool
  private let input: SubmitInput.Kind
  private let isOnTerminal: Bool
  private let console: Console
  private var output: LineOutput
  private var bar: ProgressBar

  init(name: String, isJSON: Bool, input: SubmitInput.Kind, _ invocation: Invocation) {
    self.name = LogText.escaped(name)
    self.isJSON = isJSON
    self.input = input
    isOnTerminal = isatty(invocation.console.output) == 1
    console = invocation.console
    output = LineOutput(invocation.console)
    bar = ProgressBar(
      invocation.console, environment: invocation.environment, title: invocation.command.name,
      unit: input == .links ? "links" : "requests")
  }

  /// One request made of options: its line number says nothing.
  private var isSingle: Bool { input == .single }

  /// A line that is not sent. As text it is a failure, and goes to standard error.
  ///
  /// - Parameter link: Of a replay request, where it is not a line that somebody has written: its link.
  mutating func reject(_ line: Int, _ link: LinkKey?, _ fault: Malformation) {
    guard isJSON else {
      let place = link.map { LogText.escaped($0.description) } ?? "\(name):\(line)"
      return complain("\(place): invalid: \(fault.description)")
    }
    say(line, nil, nil, link, status: "rejected") { $0.members(of: fault) }
  }

  /// Kafka has a request. As text only a single one is worth a line.
  mutating func acknowledge(_ request: SubmitLedger.Pending, partition: Int32, offset: Int64) {
    guard isJSON else {
      guard isSingle else { return }
      return say("acknowledged: id \(LogText.escaped(request.id.string)), partition \(partition), offset \(offset)")
    }
    say(request, status: "acknowledged") { json in
      json.name("partition")
      json.integer(Int64(partition))
      json.name("offset")
      json.integer(offset)
    }
  }

  /// Kafka refuses a request for itself. As text it is a failure, and goes to standard error.
  mutating func refuse(_ request: SubmitLedger.Pending, _ failure: KafkaFailure) {
    guard isJSON else {
      let place =
        switch input {
        case .single: name
        case .standardInput, .file: "\(name):\(request.line)"
        case .links: LogText.escaped(request.key.description)
        }
      return complain("\(place): refused by Kafka: \(failure.detail) (\(failure.name))")
    }
    say(request, status: "rejected") { json in
      json.name("reason")
      json.string(failure.detail)
      json.name("code")
      json.string(failure.name)
    }
  }

  /// Nobody acknowledged a request. As text the ranges at the end say it.
  mutating func lose(_ request: SubmitLedger.Pending, _ failure: KafkaFailure, mayBeWritten: Bool) {
    guard isJSON else { return }
    say(request, status: "unacknowledged") { json in
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
    say(entry.line, entry.id, entry.source, entry.key, status: ending.status) { $0.members(of: ending) }
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
  ///
  /// - Parameter size: The input's, in its own unit.
  mutating func conclude(_ ledger: SubmitLedger, of size: Int64?, wait: OutcomeTally?, isInterrupted: Bool) {
    defer {
      bar.erase()
      flush()
    }
    let linkCount = Int(clamping: size ?? 0)
    guard isJSON else {
      switch input {
      case .single: if ledger.acknowledgedCount == 0 { say(ledger.summary) }
      case .standardInput, .file: say(ledger.summary)
      case .links: say(ledger.summary(ofLinks: linkCount))
      }
      if let wait, !isSingle { say(wait.summary) }
      return
    }
    output.print(summary(ledger, ofLinks: linkCount, wait: wait, isInterrupted: isInterrupted))
  }

  /// The last object.
  func summary(
    _ ledger: SubmitLedger, ofLinks linkCount: Int, wait: OutcomeTally?, isInterrupted: Bool
  ) -> JSONWriter {
    var json = JSONWriter()
    json.beginObject()
    json.name("summary")
    json.beginObject()
    if input == .links {
      // What is sent, rejected, not sent and unknown comes to all links, as it does in the text.
      json.count("links", linkCount)
      json.count("sent", ledger.acknowledgedCount)
      json.count("notSent", ledger.unsentCount(ofLinks: linkCount))
      json.count("unknown", ledger.uncertainLines.count)
    } else {
      json.count("read", ledger.readCount)
      json.count("sent", ledger.sentCount)
    }
    json.count("acknowledged", ledger.acknowledgedCount)
    json.count("rejected", ledger.rejectedCount + ledger.refusedCount)
    json.count("unacknowledged", ledger.lostLines.count)
    if input != .links { json.count("acknowledgedThrough", ledger.acknowledgedThrough) }
    json.name("interrupted")
    json.boolean(isInterrupted)
    if let wait {
      json.count("tokens", wait.tokenCount)
      json.count("failed", wait.otherCount)
      json.count("waiting", wait.openCount)
    }
    json.endObject()
    json.endObject()
    return json
  }

  private func place(_ line: Int) -> String {
    switch input {
    case .single, .links: ""
    case .standardInput, .file: "\(name):\(line): "
    }
  }

  private mutating func say(_ text: String) {
    bar.erase()
    output.print(text)
  }

  private mutating func say(
    _ request: SubmitLedger.Pending, status: String, rest: (inout JSONWriter) -> Void
  ) {
    // Of a link the number says nothing; of a line the user stands in it.
    let key = input == .links ? request.key : nil
    say(request.line, request.id, request.source, key, status: status, rest: rest)
  }

  private mutating func say(
    _ line: Int, _ id: Text? = nil, _ source: Text? = nil, _ key: LinkKey? = nil, status: String,
    rest: (inout JSONWriter) -> Void
  ) {
    var json = JSONWriter(capacity: 256)
    json.beginObject()
    if input != .links { json.count("line", line) }
    if let id, let source {
      json.name("id")
      json.string(id)
      json.name("source")
      json.string(source)
    }
    json.name("status")
    json.string(status)
    if let key {
      json.name("userId")
      json.integer(key.userId)
      json.name("idempotencyKey")
      json.string(key.idempotencyKey)
    }
    rest(&json)
    json.endObject()
    output.print(json)
  }

  private mutating func complain(_ text: String) {
    bar.erase()
    console.write(Array((text + "\n").utf8), to: console.errors)
  }
}
