import Glibc

/// One way of a connection: what has come from one side, and when it goes to the other.
struct ProxyLine {
  /// Bytes on their way.
  struct Piece {
    var bytes: [UInt8]
    /// Uptime from which on they go.
    var due: Double
    /// A late arrival that must be answered before.
    var waitsFor: Int?
  }

  private var pieces: [Piece] = []
  private var first = 0
  /// How much of the first piece has gone.
  private var written = 0
  private var byteCount = 0
  /// Uptime at which the line is free, where its throughput is limited.
  private var freeAt = 0.0
  /// Whether nothing more comes: what is on its way still goes.
  var hasEnded = false

  /// Above it nothing more is read.
  static let limit = 1 << 20

  /// Whether more is to be read.
  var takesMore: Bool { !hasEnded && byteCount < Self.limit }

  /// Whether all has gone and nothing more comes.
  var isDone: Bool { hasEnded && first == pieces.count }

  /// Puts bytes on their way.
  mutating func add(_ bytes: [UInt8], now: Double, delay: Double, throughput: Double?, waitsFor: Int? = nil) {
    var due = now + delay
    if let throughput {
      freeAt = max(freeAt, now) + Double(bytes.count) / throughput
      due = max(due, freeAt)
    }
    byteCount += bytes.count
    pieces.append(Piece(bytes: bytes, due: due, waitsFor: waitsFor))
  }

  /// When the next piece goes; nil where none is on its way.
  var nextDue: Double? { first < pieces.count ? pieces[first].due : nil }

  /// Whether a piece may go now.
  func isReady(now: Double, waiting: Set<Int>) -> Bool {
    guard first < pieces.count else { return false }
    return pieces[first].due <= now && !(pieces[first].waitsFor.map(waiting.contains) ?? false)
  }

  /// Sends what may go; false where the other side has gone.
  mutating func send(to descriptor: Int32, now: Double, waiting: Set<Int>) -> Bool {
    while isReady(now: now, waiting: waiting) {
      let count = pieces[first].bytes[written...].withUnsafeBytes {
        Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      // A connection still under way says ENOTCONN to nobody who polls for room first.
      guard count >= 0 else { return errno == EAGAIN }
      written += count
      guard written == pieces[first].bytes.count else { return true }
      byteCount -= written
      written = 0
      first += 1
      if first == pieces.count {
        pieces = []
        first = 0
      }
    }
    return true
  }
}
