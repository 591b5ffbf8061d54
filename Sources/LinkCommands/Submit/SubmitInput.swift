import LinkCore

/// Where requests come from that are sent: a file, standard input, one request made of options, or the links of a replay job.
struct SubmitInput: ~Copyable {
  /// What requests come from.
  enum Kind {
    case single
    case standardInput
    case file
    case links
  }

  /// As messages call it.
  let name: String
  /// In the unit of its lines' ends: bytes, or links; nil where nobody knows.
  let size: Int64?
  /// What it is.
  let kind: Kind
  private var reader: LineReader?
  /// How many events there are to make, and the one of a number.
  private let events: (count: Int, make: (Int) -> [UInt8])?
  private var takenCount = 0
  /// The links of a replay job, in the order of their events.
  private let links: [LinkKey]

  /// One request made of options.
  init(single event: [UInt8]) {
    name = "the request"
    size = nil
    kind = .single
    reader = nil
    events = (1, { _ in event })
    links = []
  }

  /// One event for each link of a replay job; each is made when its turn comes.
  init(links keys: [LinkKey], job: String, event: @escaping (LinkKey) -> [UInt8]) {
    name = "job \(job)"
    size = Int64(keys.count)
    kind = .links
    reader = nil
    events = (keys.count, { event(keys[$0]) })
    links = keys
  }

  /// The file at a path, or standard input for `-`.
  init(path: String, lineByteLimit: Int) throws(CommandFailure) {
    let reader = try LineReader(path, lineByteLimit: lineByteLimit)
    name = reader.name
    size = reader.size
    kind = path == "-" ? .standardInput : .file
    self.reader = consume reader
    events = nil
    links = []
  }

  /// The link of a replay job to which an event belongs; nil where the input is something else.
  func link(of line: Int) -> LinkKey? { links.indices.contains(line - 1) ? links[line - 1] : nil }

  /// The next line, once it has come; waits for it no longer than `milliseconds`.
  mutating func next(waiting milliseconds: Int32) throws(CommandFailure) -> LineReader.Item {
    if let events {
      guard takenCount < events.count else { return .end }
      takenCount += 1
      return .line(InputLine(number: takenCount, bytes: events.make(takenCount - 1), end: Int64(takenCount)))
    }
    return try reader?.next(waiting: milliseconds) ?? .end
  }

  /// Goes back to the beginning; false, and nothing is done, where that cannot be.
  mutating func rewind() -> Bool {
    takenCount = 0
    return reader?.rewind() ?? true
  }
}
