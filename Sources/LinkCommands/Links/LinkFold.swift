import LinkCore
import LinkCrypto

/// What the records of a state partition come to, the last one of each link counting: of the links that are wanted, what the command needs.
///
/// A link is held from the record that makes it wanted to the one that does not any more: memory grows with what is found, and not with the
/// topic. Pure.
struct LinkFold<Kept> {
  private let keys: Set<[UInt8]>?
  private let keep: (Link) -> Kept?
  private var links: [Name: Kept] = [:]
  /// What could not be read; it counts as no link at all.
  private(set) var damage = LinkDamage()

  /// Half a digest of a record's key: a fixed 16 bytes, however long the key is.
  private struct Name: Hashable {
    var high: UInt64, low: UInt64

    init(_ key: [UInt8]) { (high, low) = sha256(key).halves }
  }

  /// - Parameters:
  ///   - keys: The record keys of the only links that are wanted; nil: any.
  ///   - keep: What is to be kept of a link; nil where it is not wanted.
  init(keys: Set<[UInt8]>? = nil, keep: @escaping (Link) -> Kept?) {
    self.keys = keys
    self.keep = keep
  }

  /// What was kept of the links, in no order.
  var kept: some Collection<Kept> { links.values }

  /// Takes the next record of the partition.
  mutating func take(_ record: SourceRecord) {
    let key = record.key ?? []
    if let keys, !keys.contains(key) { return }
    switch StateKey(encoded: key) {
    case .mark, .identity: return
    case .link, nil: break
    }
    do throws(StateRecordFault) {
      switch try StateRecord.decode(key: key, value: record.value) {
      case .link(let link): links[Name(key)] = keep(link)
      case .tombstone: links[Name(key)] = nil
      case .mark, .identity: return
      }
    } catch {
      links[Name(key)] = nil
      damage.note(record, error)
    }
  }
}
