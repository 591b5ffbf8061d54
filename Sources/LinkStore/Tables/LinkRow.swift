import LinkCore

/// What the table of links has of one, beside its wake-up time.
struct LinkRow: Sendable {
  let key: StoredKey
  let partition: Int32
  /// Of the request in its partition.
  let offset: Int64
  /// When a scheduled link is due, in milliseconds.
  let due: Int64?
  /// When an ended link ended, in milliseconds.
  let ended: Int64?
  /// The own deadline of a scheduled link, in milliseconds. It orders the due ones, and the check sum does without it.
  let deadline: Int64?
  /// The state record as Kafka has it.
  let record: [UInt8]
  /// The check sum over all that but the deadline.
  let seal: Int64

  /// The row of a link whose state record has these bytes.
  init(_ link: Link, record: [UInt8], under key: StoredKey, partition: Int32) {
    let (due, ended) = link.state.times
    self.init(
      key: key, partition: partition, offset: link.origin.offset, due: due, ended: ended,
      deadline: due == nil ? nil : link.request?.deadline?.milliseconds, record: record)
  }

  /// A row out of its columns.
  init(
    key: StoredKey, partition: Int32, offset: Int64, due: Int64?, ended: Int64?, deadline: Int64? = nil, record: [UInt8]
  ) {
    self.key = key
    self.partition = partition
    self.offset = offset
    self.due = due
    self.ended = ended
    self.deadline = deadline
    self.record = record
    var seal = Seal()
    seal.add(key.user)
    seal.add(key.text)
    seal.add(Int64(partition))
    seal.add(offset)
    seal.add(due)
    seal.add(ended)
    seal.add(record)
    self.seal = seal.value
  }
}

extension Link.State {
  /// When a scheduled link is due, and when an ended one ended, in milliseconds.
  fileprivate var times: (due: Int64?, ended: Int64?) {
    switch self {
    case .scheduled(let due): (due.milliseconds, nil)
    case .succeeded(let at), .failed(let at, _): (nil, at.milliseconds)
    }
  }
}
