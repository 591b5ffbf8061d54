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
  /// What could not be read and no later record of its key has mended, up to a limit.
  private var damaged: [Name: LinkDamage.First] = [:]
  /// What could not be read beyond it.
  private var rest = LinkDamage()

  /// Records that cannot be read which are remembered one by one.
  private static var damageLimit: Int { 100_000 }

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

  /// What cannot be read; it counts as no link at all.
  var damage: LinkDamage {
    var damage = LinkDamage()
    for record in damaged.values.sorted(by: { $0.offset < $1.offset }) { damage.note(record) }
    damage.add(rest)
    return damage
  }

  /// Takes the next record of the partition.
  mutating func take(_ record: SourceRecord) {
    let key = record.key ?? []
    if let keys, !keys.contains(key) { return }
    switch StateKey(encoded: key) {
    case .mark, .identity: return
    case .link, nil: break
    }
    let name = Name(key)
    do throws(StateRecordFault) {
      switch try StateRecord.decode(key: key, value: record.value) {
      case .link(let link): links[name] = keep(link)
      case .tombstone: links[name] = nil
      case .mark, .identity: return
      }
      damaged[name] = nil
    } catch {
      links[name] = nil
      // The last record of a key counts here as well; one that has gone since is no damage.
      if record.value == nil, record.key != nil {
        damaged[name] = nil
      } else if damaged[name] != nil || damaged.count < Self.damageLimit {
        damaged[name] = LinkDamage.First(record, error)
      } else {
        rest.note(LinkDamage.First(record, error))
      }
    }
  }
}
