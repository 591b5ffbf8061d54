public import LinkCore

/// Records of the state topic on their way into the views of their partitions.
///
/// Whoever reads them makes them ready for their rows here, on a thread of its own, so that the store's thread has only to write. The rows are
/// written in the order of their digests: then each page of that index is changed once a batch, wherever in it the links lie.
public struct RestoreBatch: Sendable {
  /// Bytes of the records, and of what else stands in their rows: about what the batch takes in memory.
  public private(set) var byteCount = 0
  /// Up to where (exclusive) each partition's view reaches once the batch is in it.
  private(set) var checkpoints: [Int32: Int64] = [:]
  /// What is no link, in its order.
  private(set) var others: [Other] = []
  private var links: [Link] = []
  private let sha256: SHA256Function

  /// A mark, an identity, or the end of a mark.
  struct Other: Sendable {
    var partition: Int32
    var offset: Int64
    var record: StateRecord
  }

  /// What becomes of the row of one link.
  enum Link: Sendable {
    case put(LinkRow)
    case remove(StoredKey, partition: Int32)
  }

  /// An empty batch; `sha256` has to be the store's.
  public init(sha256: @escaping SHA256Function) { self.sha256 = sha256 }

  /// Whether there is nothing to write.
  public var isEmpty: Bool { checkpoints.isEmpty }

  /// Takes the record that stands at an offset of a partition. Records of one partition come in the order of their offsets.
  ///
  /// - Parameters:
  ///   - record: What `value` says.
  ///   - value: The record's bytes, which the row of a link keeps as they are; nil for a tombstone.
  public mutating func add(_ record: StateRecord, value: [UInt8]?, partition: Int32, offset: Int64) {
    switch record {
    case .link(let link):
      let key = StoredKey(link.key, sha256: sha256)
      let row = LinkRow(link, record: value ?? [], under: key, partition: partition)
      byteCount += row.record.count + key.text.count + 256
      links.append(.put(row))
    case .tombstone(.link(let key)):
      let key = StoredKey(key, sha256: sha256)
      byteCount += key.text.count + 128
      links.append(.remove(key, partition: partition))
    case .mark, .identity, .tombstone(.mark), .tombstone(.identity):
      byteCount += 128
      others.append(Other(partition: partition, offset: offset, record: record))
    }
    reach(partition, offset + 1)
  }

  /// Everything of a partition before `offset` has been read.
  public mutating func reach(_ partition: Int32, _ offset: Int64) { checkpoints[partition] = offset }

  /// Hands over the links by their digests; those of one digest in the order in which they came.
  func forEachLinkByDigest(_ body: (Link) throws(StoreFailure) -> Void) throws(StoreFailure) {
    let places = links.enumerated().map { (order: $1.order, index: $0) }.sorted { $0 < $1 }
    for place in places { try body(links[place.index]) }
  }
}

extension RestoreBatch.Link {
  /// The first half of the digest as a number.
  fileprivate var order: UInt64 {
    let key =
      switch self {
      case .put(let row): row.key
      case .remove(let key, _): key
      }
    return key.digest.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
  }
}
