extension StateKey {
  /// The key as it stands in Kafka: `link/<userId>/<idempotencyKey>`, `mark/<partition>/<offset>` or `identity/<partition>`.
  public func encoded() -> [UInt8] {
    switch self {
    case .link(let key):
      var bytes = Array("link/".utf8)
      bytes.append(decimal: key.userId)
      bytes.append(UInt8(ascii: "/"))
      bytes.append(contentsOf: key.idempotencyKey.utf8)
      return bytes
    case .mark(let partition, let offset):
      var bytes = Array("mark/".utf8)
      bytes.append(decimal: Int64(partition))
      bytes.append(UInt8(ascii: "/"))
      bytes.append(decimal: offset)
      return bytes
    case .identity(let partition):
      var bytes = Array("identity/".utf8)
      bytes.append(decimal: Int64(partition))
      return bytes
    }
  }

  /// The key that these bytes write, or nil. Only the form that `encoded` writes counts, for compaction compares bytes.
  public init?(encoded bytes: [UInt8]) {
    if bytes.starts(with: "link/".utf8) {
      guard let slash = bytes[5...].firstIndex(of: UInt8(ascii: "/")), slash + 1 < bytes.count,
        let userId = Int64(canonical: bytes[5..<slash]), let idempotencyKey = Text(utf8: bytes[(slash + 1)...])
      else { return nil }
      self = .link(LinkKey(userId: userId, idempotencyKey: idempotencyKey))
    } else if bytes.starts(with: "mark/".utf8) {
      guard let slash = bytes[5...].firstIndex(of: UInt8(ascii: "/")),
        let partition = Int64(canonical: bytes[5..<slash]),
        let partition = Int32(exactly: partition), let offset = Int64(canonical: bytes[(slash + 1)...])
      else { return nil }
      self = .mark(partition: partition, offset: offset)
    } else if bytes.starts(with: "identity/".utf8) {
      guard let partition = Int64(canonical: bytes[9...]), let partition = Int32(exactly: partition) else { return nil }
      self = .identity(partition: partition)
    } else {
      return nil
    }
  }
}

extension Int64 {
  /// A number from 0 on in decimal digits without a leading zero: the one form that `append(decimal:)` writes.
  fileprivate init?(canonical digits: ArraySlice<UInt8>) {
    guard let first = digits.first, first != 0x30 || digits.count == 1 else { return nil }
    var value: Int64 = 0
    for digit in digits {
      guard (0x30...0x39).contains(digit) else { return nil }
      let (product, productOverflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, overflow) = product.addingReportingOverflow(Int64(digit - 0x30))
      if productOverflow || overflow { return nil }
      value = sum
    }
    self = value
  }
}
