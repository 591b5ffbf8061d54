/// What the journal keeps of an answer until Kafka has it: the outcome's record and the link's state, ready to be published.
public struct JournalPayload: Equatable, Sendable {
  /// The outcome, byte for byte as it will be produced; it may hold a token.
  public var outcome: OutgoingRecord
  /// The link as it stands after the outcome.
  public var link: Link

  /// An outcome and its link.
  public init(outcome: OutgoingRecord, link: Link) {
    self.outcome = outcome
    self.link = link
  }

  /// Reads what `encoded` wrote.
  public init(decoding payload: Secret) throws(JournalPayloadFault) {
    var reader = BinaryReader(payload.reveal())
    guard let version = reader.byte() else { throw .damaged }
    guard version == Self.version else { throw .unknownVersion(version) }
    guard let outcome = reader.record(), let key = reader.slice(), let value = reader.slice(), reader.isAtEnd else {
      throw .damaged
    }
    let state: StateRecord
    do {
      state = try StateRecord.decode(key: key, value: value)
    } catch {
      throw .link(error)
    }
    guard case .link(let link) = state else { throw .damaged }
    self.init(outcome: outcome, link: link)
  }

  /// A version byte, the outcome with lengths before its parts, and the link as its state record has it.
  public func encoded() -> Secret {
    let state = StateRecord.link(link).encoded()
    var writer = BinaryWriter(capacity: 1024 + (outcome.value?.count ?? 0) + (state.value?.count ?? 0))
    writer.byte(Self.version)
    writer.record(outcome)
    writer.bytes(state.key)
    writer.bytes(state.value ?? [])
    return Secret(writer.bytes)
  }

  private static let version: UInt8 = 1
}

/// Why a journaled payload cannot be read; it never says what the payload holds.
public enum JournalPayloadFault: Error, Equatable, CustomStringConvertible {
  /// It is cut, or was never one.
  case damaged
  /// Another release wrote it.
  case unknownVersion(UInt8)
  /// Its link cannot be read.
  case link(StateRecordFault)

  /// What is wrong, and what to try.
  public var description: String {
    switch self {
    case .damaged:
      "A journaled answer is damaged. Try: remove the local store; the adapter is then called again for it."
    case .unknownVersion(let version):
      "A journaled answer has the version \(version), this release knows 1. Try: run the release that wrote it."
    case .link(let fault): "The link of a journaled answer cannot be read. \(fault)"
    }
  }
}

extension BinaryWriter {
  fileprivate mutating func record(_ record: OutgoingRecord) {
    string(record.topic.rawValue)
    optional(record.partition.map(Int64.init))
    optional(record.key)
    optional(record.value)
    count(record.headers.count)
    for header in record.headers {
      bytes(header.name)
      optional(header.value)
    }
    optional(record.timestamp?.milliseconds)
  }
}

extension BinaryReader {
  fileprivate mutating func record() -> OutgoingRecord? {
    guard let topic = slice(), let topic = TopicRole(rawValue: String(decoding: topic, as: UTF8.self)),
      let partition = optionalInteger(), let key = optionalSlice(), let value = optionalSlice(),
      let headerCount = count(ofAtLeast: 9)
    else { return nil }
    var headers: [Header] = []
    for _ in 0..<headerCount {
      guard let name = slice(), let value = optionalSlice() else { return nil }
      headers.append(Header(name: name, value: value))
    }
    guard let timestamp = optionalInteger(), partition.map({ Int32(exactly: $0) != nil }) ?? true else { return nil }
    return OutgoingRecord(
      topic: topic, partition: partition.map { Int32(truncatingIfNeeded: $0) }, key: key, value: value,
      headers: headers,
      timestamp: timestamp.map { Timestamp(milliseconds: $0) })
  }
}
