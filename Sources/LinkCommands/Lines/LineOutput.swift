import LinkCore

/// Standard output for many lines: what is written together goes out together.
struct LineOutput {
  private let console: Console
  private var buffer: [UInt8] = []

  private static let limit = 64 << 10

  init(_ console: Console) {
    self.console = console
    buffer.reserveCapacity(Self.limit + 4096)
  }

  /// Whether nothing has gathered.
  var isEmpty: Bool { buffer.isEmpty }

  /// Adds a line.
  mutating func print(_ line: String) {
    buffer += line.utf8
    endLine()
  }

  /// Adds a line that is written already.
  mutating func print(utf8 line: [UInt8]) {
    buffer += line
    endLine()
  }

  /// Adds a line of JSON.
  mutating func print(_ json: JSONWriter) {
    buffer += json.bytes
    endLine()
  }

  /// Writes what has gathered: to be called before anything is waited for.
  mutating func flush() {
    guard !buffer.isEmpty else { return }
    console.write(buffer, to: console.output)
    buffer.removeAll(keepingCapacity: true)
  }

  private mutating func endLine() {
    buffer.append(UInt8(ascii: "\n"))
    if buffer.count >= Self.limit { flush() }
  }
}
