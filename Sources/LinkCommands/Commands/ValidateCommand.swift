import LinkCore
import LinkOps

/// `linkworker validate`: what the worker would say of requests, without sending them.
enum ValidateCommand {
  static let definition = CommandDefinition(
    name: "validate",
    group: .requests,
    summary: "Check requests, one event a line, as the worker reads them.",
    about: """
      Reads structured events, one JSON object a line (NDJSON), and says of each whether the worker would take it: link requests and \
      replay requests. Of a line that it would not take it says where (a JSON pointer), why, and the reason's code as dead letters have \
      it. Of several faults the first counts. Blank lines are passed over. Needs neither settings nor Kafka.
      What one line alone cannot tell is not checked: whether another request has the same idempotency key, and the record's age.
      """,
    options: [
      .flag("--quiet", "Say only what is wrong."),
      .value("--max-bytes", "N", "What event.max.bytes is set to; default 65536. Key and headers count."),
      .json,
    ],
    operands: [.optional("FILE|-")],
    examples: [
      "linkworker validate requests.ndjson", "linkworker validate --quiet requests.ndjson",
      "linkworker validate --json - < requests.ndjson",
    ],
    exitCodes: [.dataError, .noInput, .noPermission],
    body: run)

  @Sendable private static func run(_ invocation: Invocation) throws(CommandFailure) -> ExitCode {
    let byteLimit = try invocation.integer("--max-bytes", in: 1024...524_288) ?? 65536
    let check = RequestCheck(eventByteLimit: byteLimit)
    var reader = try LineReader(try LineReader.path(of: invocation), lineByteLimit: byteLimit)
    var verdicts = Verdicts(
      name: reader.name, isJSON: invocation.isSet("--json"), isQuiet: invocation.isSet("--quiet"), invocation.console)
    defer { verdicts.output.flush() }
    loop: while true {
      switch try reader.next(waiting: 0) {
      case .end: break loop
      case .nothingYet:
        // A person at the other end of the pipe waits for what is known by now.
        verdicts.output.flush()
        if case .line(let line) = try reader.next() { verdicts.say(line, check) }
      case .line(let line): verdicts.say(line, check)
      }
    }
    verdicts.output.flush()
    invocation.console.write(Array((verdicts.summary + "\n").utf8), to: invocation.console.errors)
    return verdicts.invalidCount == 0 ? .ok : .dataError
  }
}

/// Says what each line is, and counts.
struct Verdicts {
  let name: String
  let isJSON: Bool
  let isQuiet: Bool
  var output: LineOutput
  private(set) var validCount = 0
  private(set) var invalidCount = 0
  private(set) var blankCount = 0

  init(name: String, isJSON: Bool, isQuiet: Bool, _ console: Console) {
    self.name = LogText.escaped(name)
    self.isJSON = isJSON
    self.isQuiet = isQuiet
    output = LineOutput(console)
  }

  /// `requests.ndjson: 8 valid, 1 invalid, 0 blank`
  var summary: String { "\(name): \(validCount) valid, \(invalidCount) invalid, \(blankCount) blank" }

  /// Judges a line and says what it is.
  mutating func say(_ line: InputLine, _ check: RequestCheck) {
    guard !line.isBlank else { return blankCount += 1 }
    do {
      _ = try check.read(line)
      validCount += 1
      if !isQuiet { sayValid(line.number) }
    } catch {
      invalidCount += 1
      if isJSON { output.print(Self.json(line.number, error)) } else { output.print(error.line(name, line.number)) }
    }
  }

  private mutating func sayValid(_ number: Int) {
    guard isJSON else { return output.print("\(name):\(number): valid") }
    var json = JSONWriter(capacity: 64)
    json.beginObject()
    json.name("line")
    json.integer(Int64(number))
    json.name("valid")
    json.boolean(true)
    json.endObject()
    output.print(json)
  }

  private static func json(_ number: Int, _ fault: Malformation) -> JSONWriter {
    var json = JSONWriter(capacity: 256)
    json.beginObject()
    json.name("line")
    json.integer(Int64(number))
    json.name("valid")
    json.boolean(false)
    json.members(of: fault)
    json.endObject()
    return json
  }
}

extension Malformation {
  /// `FILE:LINE: invalid: POINTER: SENTENCE (CODE)`, for people.
  func line(_ file: String, _ number: Int) -> String {
    "\(file):\(number): invalid: \(description)"
  }

  /// `POINTER: SENTENCE (CODE)`: a pointer may hold a foreign name.
  var description: String {
    (pointer.isEmpty ? "" : LogText.escaped(pointer) + ": ") + "\(sentence) (\(reason.rawValue))"
  }
}

extension JSONWriter {
  /// `pointer`, `reason` and `code` of a fault.
  mutating func members(of fault: Malformation) {
    name("pointer")
    string(fault.pointer)
    name("reason")
    string(fault.sentence)
    name("code")
    string(fault.reason.rawValue)
  }
}
