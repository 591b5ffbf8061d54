import LinkCore

/// How an item stands in a topic: in the state topic as a mark, elsewhere as text.
extension Item {
  /// As a state record: the value is in the digest of a mark.
  func stateRecord(_ partition: Int32) -> StateRecord {
    let key = StateKey.mark(partition: partition, offset: key)
    guard let value,
      let digest = Digest(withUnsafeBytes(of: value.bigEndian, Array.init) + [UInt8](repeating: 0, count: 24))
    else { return .tombstone(key) }
    return .mark(Mark(partition: partition, offset: self.key, digest: digest))
  }

  init(_ record: StateRecord) {
    switch record {
    case .mark(let mark): self.init(mark.offset, mark.digest.bytes.prefix(8).reduce(0) { $0 << 8 | Int64($1) })
    case .tombstone(.mark(_, let offset)): self.init(offset, nil)
    case .tombstone, .link, .identity: self.init(-1, nil)
    }
  }

  init(key: [UInt8]?, value: [UInt8]?) {
    self.init(Self.number(key) ?? -1, Self.number(value))
  }

  /// Its bytes in a topic.
  func encoded(at place: Place) -> (key: [UInt8], value: [UInt8]?) {
    if place.topic == .state { return stateRecord(place.partition).encoded() }
    return (Array("\(key)".utf8), value.map { Array("\($0)".utf8) })
  }

  /// What stands in a topic as these bytes.
  init(key: [UInt8], value: [UInt8]?, at place: Place) throws {
    if place.topic == .state {
      try self.init(StateRecord.decode(key: key, value: value))
    } else {
      self.init(key: key, value: value)
    }
  }

  private static func number(_ bytes: [UInt8]?) -> Int64? {
    bytes.flatMap { Int64(String(decoding: $0, as: UTF8.self)) }
  }
}

extension OutgoingRecord {
  init(item: Item, at place: Place) {
    let (key, value) = item.encoded(at: place)
    self.init(topic: place.topic, partition: place.partition, key: key, value: value)
  }
}
