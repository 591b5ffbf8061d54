import LinkTestSupport

/// Record batches of format 2, which is all that brokers of today write.
struct RecordBatch {
  var firstOffset: Int64
  var lastOffset: Int64
  var producer: Int64
  var isTransactional: Bool
  /// What a control batch says; nil for a batch of records.
  var marker: Marker?
  var records: [Record]

  enum Marker { case commit, abort }

  struct Record {
    var offset: Int64
    var key: [UInt8]
    var value: [UInt8]?
  }

  private enum Attribute {
    static let transactional: Int16 = 0x10
    static let control: Int16 = 0x20
    static let compression: Int16 = 0x07
  }

  /// The bytes of one batch, as a producer sends it.
  ///
  /// - Parameter producer: With its epoch and the number of the batch's first record in this partition; nil for a plain producer.
  static func encode(
    _ records: [(key: [UInt8], value: [UInt8]?)], at timestamp: Int64,
    of producer: (id: Int64, epoch: Int16, first: Int32)?
  ) -> [UInt8] {
    var body = WireWriter()
    body.integer(producer == nil ? 0 : Attribute.transactional)
    body.integer(Int32(records.count - 1))
    body.integer(timestamp)
    body.integer(timestamp)
    body.integer(producer?.id ?? -1)
    body.integer(producer?.epoch ?? -1)
    body.integer(producer?.first ?? -1)
    body.integer(Int32(records.count))
    for (index, record) in records.enumerated() {
      var writer = WireWriter()
      writer.integer(Int8(0))
      writer.varint(0)
      writer.varint(Int64(index))
      writer.varint(Int64(record.key.count))
      writer.raw(record.key)
      writer.varint(record.value.map { Int64($0.count) } ?? -1)
      writer.raw(record.value ?? [])
      writer.varint(0)
      body.varint(Int64(writer.bytes.count))
      body.raw(writer.bytes)
    }
    var batch = WireWriter()
    batch.integer(Int64(0))
    batch.integer(Int32(body.bytes.count + 9))
    batch.integer(Int32(-1))
    batch.integer(Int8(2))
    batch.integer(CRC32C.checksum(body.bytes))
    batch.raw(body.bytes)
    return batch.bytes
  }

  /// The batches of a fetched partition; the last one may be cut off, and is left out then.
  static func decode(_ bytes: ArraySlice<UInt8>) throws -> [RecordBatch] {
    var reader = WireReader(bytes)
    var batches: [RecordBatch] = []
    while reader.count >= 12 {
      let first: Int64 = try reader.integer()
      let length: Int32 = try reader.integer()
      guard reader.count >= length else { break }
      batches.append(try RecordBatch(first, WireReader(try reader.take(Int(length)))))
    }
    return batches
  }

  private init(_ first: Int64, _ bytes: WireReader) throws {
    var reader = bytes
    _ = try reader.take(4 + 1 + 4)
    let attributes: Int16 = try reader.integer()
    guard attributes & Attribute.compression == 0 else { throw Missing("A batch without compression") }
    firstOffset = first
    lastOffset = first + Int64(try reader.integer(Int32.self))
    _ = try reader.take(8 + 8)
    producer = try reader.integer()
    _ = try reader.take(2 + 4)
    isTransactional = attributes & Attribute.transactional != 0
    records = []
    for _ in 0..<(try reader.integer(Int32.self)) {
      var record = WireReader(try reader.take(Int(try reader.varint())))
      _ = try record.take(1)
      _ = try record.varint()
      let offset = first + (try record.varint())
      let key = Array(try record.take(max(0, Int(try record.varint()))))
      let length = Int(try record.varint())
      records.append(Record(offset: offset, key: key, value: length < 0 ? nil : Array(try record.take(length))))
    }
    guard attributes & Attribute.control != 0 else { return }
    marker = records.first?.key.suffix(2) == [0, 1] ? .commit : .abort
    records = []
  }
}

/// The checksum of record batches: CRC-32 with Castagnoli's polynomial.
enum CRC32C {
  private static let table: [UInt32] = (0..<256).map { byte in
    (0..<8).reduce(UInt32(byte)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0x82F6_3B78 : value >> 1 }
  }

  static func checksum(_ bytes: [UInt8]) -> UInt32 {
    ~bytes.reduce(~UInt32(0)) { table[Int(UInt8(truncatingIfNeeded: $0) ^ $1)] ^ $0 >> 8 }
  }
}
