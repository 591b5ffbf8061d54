/// Where `submit` has its requests from: a file, standard input, or one request made of options.
struct SubmitInput: ~Copyable {
  /// What requests come from.
  enum Kind {
    case single
    case standardInput
    case file
  }

  /// As messages call it.
  let name: String
  /// In bytes; nil where nobody knows.
  let size: Int64?
  /// What it is.
  let kind: Kind
  private var reader: LineReader?
  private let event: InputLine?
  private var isTaken = false

  /// One request made of options.
  init(single event: [UInt8]) {
    name = "the request"
    size = nil
    kind = .single
    reader = nil
    self.event = InputLine(number: 1, bytes: event, end: Int64(event.count))
  }

  /// The file at a path, or standard input for `-`.
  init(path: String, lineByteLimit: Int) throws(CommandFailure) {
    let reader = try LineReader(path, lineByteLimit: lineByteLimit)
    name = reader.name
    size = reader.size
    kind = path == "-" ? .standardInput : .file
    self.reader = consume reader
    event = nil
  }

  /// The next line, once it has come; waits for it no longer than `milliseconds`.
  mutating func next(waiting milliseconds: Int32) throws(CommandFailure) -> LineReader.Item {
    if let event {
      defer { isTaken = true }
      return isTaken ? .end : .line(event)
    }
    return try reader?.next(waiting: milliseconds) ?? .end
  }

  /// Goes back to the beginning; false, and nothing is done, where that cannot be.
  mutating func rewind() -> Bool {
    isTaken = false
    return reader?.rewind() ?? true
  }
}
