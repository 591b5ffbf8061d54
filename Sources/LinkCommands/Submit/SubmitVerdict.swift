import LinkCore
import LinkKafka

/// How `submit` and `replay` end, and what standard error says of it. Pure.
struct SubmitVerdict {
  /// As messages call the input.
  var name: String
  /// The file as it was given.
  var path: String
  var input: SubmitInput.Kind
  /// The input's size in its own unit.
  var size: Int64?
  var ledger: SubmitLedger
  var tally: OutcomeTally?
  /// Why the outcomes could not be read to the end.
  var watchFailure: KafkaFailure?
  var isInterrupted: Bool
  var isAllOrNothing: Bool
  /// Whether all of the input was taken: nothing is left to send.
  var isAtEnd = false
  /// The command that goes on, without its input.
  var command = "linkworker submit"
  /// Of the one request that was made of options.
  var requestID: Text?

  /// Ranges that are written out; of more, JSON names every line.
  private static let rangeLimit = 20

  /// Nil where all is well.
  var failure: CommandFailure? {
    var lines: [CommandFailure.Line] = []
    var code: ExitCode?
    // Of several reasons the exit code is that of the first here.
    if isInterrupted {
      code = .interrupted
      // Where lines are lost, what follows says how to go on.
      lines.append(.init(operation, name, interruption, hint: ledger.lostLines.isEmpty && !isAtEnd ? goOn : ""))
    }
    if !ledger.lostLines.isEmpty {
      code = code ?? ledger.failure?.exitCode ?? .unavailable
      lines.append(loss)
    }
    if let watchFailure {
      code = code ?? watchFailure.exitCode
      lines += CommandFailure(watchFailure).lines
    }
    // No file that somebody gave is to blame for what a replay job makes.
    let fault = input == .links ? ExitCode.found : .dataError
    if ledger.refusedCount > 0 {
      code = code ?? fault
      lines.append(refusal)
    }
    if ledger.rejectedCount > 0 {
      code = code ?? fault
      lines.append(rejection)
    }
    if let tally, tally.otherCount + tally.openCount > 0 {
      code = code ?? .found
      if tally.openCount > 0, watchFailure == nil, !isInterrupted {
        lines.append(
          .init(
            operation, name, "\(counted(tally.openCount, "request")) had no outcome in time",
            hint: "see that a worker runs and reaches the adapter; what was sent is not lost"))
      }
    }
    guard let code else { return nil }
    var failure = CommandFailure(code, .init(operation, "", "", hint: ""))
    failure.lines = lines
    return failure
  }

  private var operation: String {
    switch input {
    case .single, .standardInput, .file: "submit"
    case .links: "replay"
    }
  }

  private var interruption: String {
    let rest = isAtEnd && ledger.lostLines.isEmpty ? "; nothing is left to send" : ""
    switch input {
    case .single:
      return "interrupted; "
        + (ledger.acknowledgedCount > 0 ? "Kafka has the request\(rest)" : "Kafka has not confirmed the request")
    case .standardInput, .file:
      return "interrupted; every request up to line \(ledger.acknowledgedThrough) is acknowledged"
        + (ledger.rejectedCount + ledger.refusedCount > 0 ? " or was rejected" : "") + rest
    case .links: return "interrupted; \(ledger.summary(ofLinks: linkCount))\(rest)"
    }
  }

  private var linkCount: Int { Int(clamping: size ?? 0) }

  private var goOn: String {
    let next = ledger.acknowledgedThrough + 1
    switch input {
    case .single:
      let id = requestID.map { " with --id \(quotedForShell($0.string))" } ?? ""
      return "the same options again\(id), so that no second link is made"
    case .standardInput: return "go on with line \(next) of what was piped in"
    case .file:
      let file = path.hasPrefix("-") ? "./\(path)" : path
      return "tail -n +\(next) \(quotedForShell(file)) | \(command) -"
    // What Kafka has is looked for before anything is sent.
    case .links: return command
    }
  }

  private var loss: CommandFailure.Line {
    var reason: String
    switch input {
    case .single, .standardInput, .file:
      let ranges = LineRanges(ledger.lostLines)
      reason = "not acknowledged: \(Self.written(ranges)) (\(ranges.count))"
      if !ledger.uncertainLines.isEmpty {
        reason += "; Kafka may have \(Self.written(LineRanges(ledger.uncertainLines)))"
      }
    case .links:
      reason = "\(counted(ledger.lostLines.count, "replay request")) not acknowledged"
      if !ledger.uncertainLines.isEmpty { reason += "; Kafka may have \(ledger.uncertainLines.count) of them" }
    }
    if let failure = ledger.failure { reason += "; \(failure.detail) (\(failure.name))" }
    // A repeat of what Kafka has already does no harm: the same event asks for the same link.
    let repair =
      input == .single || input == .links ? goOn : "\(goOn) (what Kafka has already is a duplicate and does no harm)"
    return .init(operation, name, reason, hint: ledger.failure?.hint.map { "\($0); then \(repair)" } ?? repair)
  }

  private var refusal: CommandFailure.Line {
    let why = ledger.refusal.map { ": \($0.detail) (\($0.name))" } ?? ""
    return .init(
      operation, name, "Kafka refuses \(counted(ledger.refusedCount, "request")) for itself\(why)",
      hint: input == .links
        ? "a shorter --reason, or a higher max.message.bytes of the requests topic, for the links that are named above"
        : "shorten what is named above, or raise max.message.bytes of the requests topic, and send that again")
  }

  private var rejection: CommandFailure.Line {
    if input == .links {
      let count = counted(ledger.rejectedCount, "replay request")
      return .init(
        operation, name, "\(count) would be refused and not sent",
        hint: "a shorter --reason, or a higher event.max.bytes, for the links that are named above")
    }
    let count = counted(ledger.rejectedCount, "line")
    return isAllOrNothing
      ? .init(operation, name, "nothing was sent: \(count) would be refused", hint: "mend them; they are named above")
      : .init(
        operation, name, "\(count) would be refused and not sent", hint: "mend and send them; they are named above")
  }

  private func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }

  private static func written(_ ranges: LineRanges) -> String {
    guard ranges.ranges.count > rangeLimit, let last = ranges.ranges.last else { return ranges.description }
    let first = LineRanges(ranges.ranges.prefix(rangeLimit).joined())
    return "\(first) and more up to \(last.upperBound), each named by --json"
  }
}
