import Glibc

/// One line of a file of lines.
struct InputLine {
  /// From 1 on.
  var number: Int
  /// Its bytes without the line feed; none where it is too long.
  var bytes: [UInt8]
  /// Whether it has more bytes than the reader keeps.
  var isTooLong = false
  /// Bytes of the file up to its end, the line feed included.
  var end: Int64

  /// Whether nothing but white space stands in it.
  var isBlank: Bool {
    !isTooLong && bytes.allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }
  }
}

/// Reads a file, or standard input, line by line in memory that does not grow with it. It closes the file when it goes.
struct LineReader: ~Copyable {
  /// What there is to read.
  enum Item {
    case line(InputLine)
    /// Nothing has come in the time that was given.
    case nothingYet
    case end
  }

  /// As messages call it: the path, or `stdin`.
  let name: String
  /// In bytes; nil for what is no regular file.
  let size: Int64?
  private let descriptor: Int32
  private let lineByteLimit: Int
  private var buffer: [UInt8]
  /// What is read and not handed out lies from `start` to `end`; up to `searched` it has no line feed.
  private var start = 0
  private var searched = 0
  private var end = 0
  private var isAtEnd = false
  /// Within a line that is too long, of which nothing is kept.
  private var isSkipping = false
  private var lineCount = 0
  private var position: Int64 = 0

  private static let chunk = 256 << 10

  /// Opens the file at `path`, `-` for standard input.
  ///
  /// - Parameter lineByteLimit: Longer lines are told and not kept.
  init(_ path: String, lineByteLimit: Int) throws(CommandFailure) {
    name = path == "-" ? "stdin" : path
    self.lineByteLimit = lineByteLimit
    descriptor = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
    buffer = []
    var status = stat()
    if descriptor >= 0, fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG {
      size = Int64(status.st_size)
    } else {
      size = nil
    }
    if descriptor < 0 { throw Self.failure(name, InputFile.fault(errno)) }
    buffer = [UInt8](repeating: 0, count: lineByteLimit + 1 + Self.chunk)
  }

  deinit { if descriptor > STDIN_FILENO { close(descriptor) } }

  /// The next line, once it has come; waits for it no longer than `milliseconds`, or for ever where that is negative.
  mutating func next(waiting milliseconds: Int32 = -1) throws(CommandFailure) -> Item {
    while true {
      if let line = takeLine() { return .line(line) }
      if isAtEnd { return takeRest().map { .line($0) } ?? .end }
      guard try fill(milliseconds) else { return .nothingYet }
    }
  }

  /// Goes back to the beginning; false where the input cannot be read twice.
  mutating func rewind() -> Bool {
    guard size != nil, lseek(descriptor, 0, SEEK_SET) == 0 else { return false }
    (start, searched, end, lineCount, position, isAtEnd, isSkipping) = (0, 0, 0, 0, 0, false, false)
    return true
  }

  private mutating func takeLine() -> InputLine? {
    let found = buffer.withUnsafeBytes { bytes -> Int? in
      guard searched < end, let base = bytes.baseAddress,
        let feed = memchr(base + searched, 0x0A, end - searched)
      else { return nil }
      return base.distance(to: UnsafeRawPointer(feed))
    }
    guard let found else {
      searched = end
      return nil
    }
    return take(upTo: found, skipping: 1)
  }

  /// What follows the last line feed.
  private mutating func takeRest() -> InputLine? { start < end || isSkipping ? take(upTo: end, skipping: 0) : nil }

  private mutating func take(upTo feed: Int, skipping count: Int) -> InputLine {
    lineCount += 1
    position += Int64(feed - start + count)
    let isTooLong = isSkipping || feed - start > lineByteLimit
    let bytes = isTooLong ? [] : Array(buffer[start..<feed])
    (start, searched, isSkipping) = (feed + count, feed + count, false)
    return InputLine(number: lineCount, bytes: bytes, isTooLong: isTooLong, end: position)
  }

  /// Reads more; false where nothing came in time.
  private mutating func fill(_ milliseconds: Int32) throws(CommandFailure) -> Bool {
    if end - start > lineByteLimit {
      position += Int64(end - start)
      isSkipping = true
      start = end
    }
    if start > 0 {
      buffer.withUnsafeMutableBytes { bytes in
        guard let base = bytes.baseAddress else { return }
        memmove(base, base + start, end - start)
      }
      (start, searched, end) = (0, searched - start, end - start)
    }
    var poller = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    if milliseconds >= 0, poll(&poller, 1, milliseconds) <= 0 { return false }
    let room = end..<buffer.count
    let count = buffer.withUnsafeMutableBytes { bytes in
      bytes.baseAddress.map { Glibc.read(descriptor, $0 + room.lowerBound, room.count) } ?? 0
    }
    if count > 0 { end += count }
    if count == 0 { isAtEnd = true }
    if count < 0 {
      guard errno == EINTR || errno == EAGAIN else { throw Self.failure(name, InputFile.fault(errno)) }
      return false
    }
    return true
  }

  private static func failure(_ name: String, _ fault: InputFile.Fault) -> CommandFailure {
    CommandFailure(fault.exitCode, .init("read", quoted(name), fault.reason, hint: fault.hint))
  }
}
