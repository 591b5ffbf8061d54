/// A SHA-256 digest: 32 bytes.
public struct Digest: Hashable, Sendable, CustomStringConvertible {
  private let words: (UInt64, UInt64, UInt64, UInt64)

  /// The digest in these bytes, or nil unless there are exactly 32.
  public init?(_ bytes: some Collection<UInt8>) {
    guard bytes.count == 32 else { return nil }
    // Copied whole: read byte by byte, a collection whose type is not known here costs 4 µs.
    var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
    withUnsafeMutableBytes(of: &words) { $0.copyBytes(from: bytes) }
    self.words = (words.0.bigEndian, words.1.bigEndian, words.2.bigEndian, words.3.bigEndian)
  }

  /// The digest that `hex` writes in 64 hexadecimal digits, or nil.
  public init?(hex: some StringProtocol) {
    let digits = hex.utf8.compactMap { digit -> UInt8? in
      switch digit {
      case 0x30...0x39: digit - 0x30
      case 0x61...0x66: digit - 0x61 + 10
      case 0x41...0x46: digit - 0x41 + 10
      default: nil
      }
    }
    guard digits.count == 64, hex.utf8.count == 64 else { return nil }
    self.init(stride(from: 0, to: 64, by: 2).map { digits[$0] << 4 | digits[$0 + 1] })
  }

  /// Its 32 bytes.
  public var bytes: [UInt8] {
    let ordered = (words.0.bigEndian, words.1.bigEndian, words.2.bigEndian, words.3.bigEndian)
    return withUnsafeBytes(of: ordered) { Array($0) }
  }

  /// Its first 16 bytes: for tables of many digests that nobody chose to collide in more than half of their bytes.
  public var halves: (high: UInt64, low: UInt64) { (words.0, words.1) }

  /// Its 64 lower-case hexadecimal digits.
  public var description: String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }

  /// Appends its 64 lower-case hexadecimal digits in ASCII: every state record and outcome has some.
  func appendHex(to text: inout [UInt8]) {
    for word in [words.0, words.1, words.2, words.3] {
      for shift in stride(from: UInt64(60), through: 0, by: -4) {
        let digit = UInt8(truncatingIfNeeded: word >> shift & 15)
        text.append(digit < 10 ? 0x30 + digit : 0x61 + digit - 10)
      }
    }
  }

  /// Equal when all 32 bytes are.
  public static func == (left: Digest, right: Digest) -> Bool { left.words == right.words }

  /// Feeds the first eight bytes, which are as random as all of them.
  public func hash(into hasher: inout Hasher) { hasher.combine(words.0) }
}

/// SHA-256 of some bytes. The core computes none itself: the edge that has a library for it hands it in.
public typealias SHA256Function = @Sendable ([UInt8]) -> Digest
