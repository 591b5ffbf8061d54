/// The requests of Kafka's protocol that rules of a proxy can name (protocol guide, "API Keys").
public enum KafkaAPI: Int16, CaseIterable, Sendable {
  case produce = 0
  case fetch = 1
  case metadata = 3
  case offsetFetch = 9
  case findCoordinator = 10
  case joinGroup = 11
  case heartbeat = 12
  case syncGroup = 14
  case initProducerID = 22
  case addPartitionsToTxn = 24
  case addOffsetsToTxn = 25
  case endTxn = 26
  case txnOffsetCommit = 28
}

/// What the head of a request says.
public struct KafkaRequest: Equatable, Sendable {
  /// The number of its kind; see `api`.
  public let key: Int16
  /// The version of its kind.
  public let version: Int16
  /// What its answer is known by on its connection.
  public let correlation: Int32
  /// Whether it commits: of an EndTxn; nil of every other one.
  public let isCommit: Bool?

  /// Its kind, where rules can name it.
  public var api: KafkaAPI? { KafkaAPI(rawValue: key) }

  /// Reads the head of a request with its length in front; nil where it is too short to be one.
  public init?(_ frame: [UInt8]) {
    var reader = FrameReader(frame)
    reader.skip(4)
    guard let key = reader.integer(Int16.self), let version = reader.integer(Int16.self),
      let correlation = reader.integer(Int32.self)
    else { return nil }
    self.key = key
    self.version = version
    self.correlation = correlation
    isCommit = key == KafkaAPI.endTxn.rawValue ? Self.isCommit(&reader, isFlexible: version >= 3) : nil
  }

  /// Where the error code stands in its answer with the length in front, of the kinds whose answer is that and nothing more; nil of every other one.
  private var errorPlace: Int? {
    switch api {
    case .addOffsetsToTxn, .endTxn: version >= 3 ? 13 : 12
    default: nil
    }
  }

  /// The error code that its answer says, where that is known.
  func errorCode(in answer: [UInt8]) -> Int16? {
    guard let errorPlace, answer.count >= errorPlace + 2 else { return nil }
    return Int16(bitPattern: UInt16(answer[errorPlace]) << 8 | UInt16(answer[errorPlace + 1]))
  }

  /// Its answer with another error code, where that can be.
  func answer(_ answer: [UInt8], withError code: Int16) -> [UInt8]? {
    guard let errorPlace, answer.count >= errorPlace + 2 else { return nil }
    var changed = answer
    changed[errorPlace] = UInt8(truncatingIfNeeded: code >> 8)
    changed[errorPlace + 1] = UInt8(truncatingIfNeeded: code)
    return changed
  }

  /// EndTxn: client id, transactional id, producer id, epoch, whether it commits.
  private static func isCommit(_ reader: inout FrameReader, isFlexible: Bool) -> Bool? {
    // The client id of a head keeps its old form in flexible versions.
    reader.skip(Int(max(reader.integer(Int16.self) ?? 0, 0)))
    if isFlexible {
      reader.skipTags()
      reader.skip(max(reader.unsigned() - 1, 0))
    } else {
      reader.skip(Int(max(reader.integer(Int16.self) ?? 0, 0)))
    }
    reader.skip(8 + 2)
    return reader.integer(Int8.self).map { $0 != 0 }
  }
}

/// Reads numbers in Kafka's forms from the front of a message.
private struct FrameReader {
  private var rest: ArraySlice<UInt8>

  init(_ bytes: [UInt8]) { rest = bytes[...] }

  mutating func skip(_ count: Int) { rest = rest.dropFirst(count) }

  mutating func integer<Integer: FixedWidthInteger>(_: Integer.Type) -> Integer? {
    let size = Integer.bitWidth / 8
    guard rest.count >= size else { return nil }
    defer { skip(size) }
    // By way of 64 bits: eight bits cannot be shifted by eight.
    return Integer(truncatingIfNeeded: rest.prefix(size).reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
  }

  /// A number of seven bits a byte.
  mutating func unsigned() -> Int {
    var value = 0
    var shift = 0
    while let byte = rest.popFirst() {
      value |= Int(byte & 0x7F) << shift
      shift += 7
      if byte & 0x80 == 0 || shift > 28 { break }
    }
    return value
  }

  mutating func skipTags() {
    for _ in 0..<unsigned() {
      _ = unsigned()
      skip(unsigned())
    }
  }
}

/// Cuts a stream of bytes into messages of Kafka's protocol.
struct FrameCutter {
  private var bytes: [UInt8] = []
  private var start = 0

  /// Takes what has come.
  mutating func add(_ more: ArraySlice<UInt8>) {
    bytes.removeFirst(start)
    start = 0
    bytes += more
  }

  /// The next whole message, its length in front.
  mutating func next() -> [UInt8]? {
    guard bytes.count - start >= 4 else { return nil }
    let size = bytes[start..<start + 4].reduce(0) { $0 << 8 | Int($1) }
    guard bytes.count - start >= 4 + size else { return nil }
    defer { start += 4 + size }
    return Array(bytes[start..<start + 4 + size])
  }
}
