/// One worker never has two calls of one user at the same time (promise P3): who is being called, and who waits behind.
struct UserQueues: Sendable {
  private var users: [Int64: User] = [:]

  private struct User: Sendable {
    /// The link that has the user's turn: it waits for a slot or is being called, also after its lane went.
    var turn: LinkKey?
    /// Links behind it, by source offset.
    var queue: [(offset: Int64, key: LinkKey)] = []
    /// Whether more of the user's links are parked in the store.
    var hasParked = false
    /// The number of the latest of them.
    var lastParked: UInt64 = 0

    var isIdle: Bool { turn == nil && queue.isEmpty && !hasParked }
  }

  /// Whether somebody of this user has the turn.
  func isBusy(_ userId: Int64) -> Bool { users[userId]?.turn != nil }

  /// Whether a further request of this user has to wait in the store: memory is for few, and the order is kept.
  func isFull(_ userId: Int64, limit: Int) -> Bool {
    guard let user = users[userId], user.turn != nil else { return false }
    return user.hasParked || user.queue.count >= limit
  }

  /// Gives the turn to `key` where it is free, else queues it by its source offset; true where it has the turn.
  mutating func enter(_ key: LinkKey, offset: Int64) -> Bool {
    var user = users[key.userId] ?? User()
    defer { users[key.userId] = user }
    guard user.turn != nil else {
      user.turn = key
      return true
    }
    let index = user.queue.firstIndex { $0.offset > offset } ?? user.queue.endIndex
    user.queue.insert((offset, key), at: index)
    return false
  }

  /// Notes that links of this user wait in the store for its turn to end; `number` counts the engine's questions to the store as well.
  mutating func notePark(_ userId: Int64, _ number: UInt64) {
    users[userId, default: User()].hasParked = true
    users[userId]?.lastParked = number
  }

  /// Notes that the store had no more of them when question `ticket` was asked: one that was parked after it does wait.
  mutating func noteNoneParked(_ userId: Int64, asOf ticket: UInt64) {
    guard let user = users[userId], user.lastParked < ticket else { return }
    users[userId]?.hasParked = false
    drop(userId)
  }

  /// Forgets what waits in the store for users whose partition has gone.
  mutating func forgetParked(where gone: (Int64) -> Bool) {
    for userId in users.keys where users[userId]?.hasParked == true && gone(userId) {
      noteNoneParked(userId, asOf: .max)
    }
  }

  /// What follows when a turn ends.
  enum Next: Equatable {
    case link(LinkKey)
    case parked
    case nothing
  }

  /// Ends the turn of `key` and gives it to the next in the queue.
  mutating func leave(_ key: LinkKey) -> Next {
    guard var user = users[key.userId], user.turn == key else { return .nothing }
    user.turn = user.queue.isEmpty ? nil : user.queue.removeFirst().key
    users[key.userId] = user
    if let next = user.turn { return .link(next) }
    if user.hasParked { return .parked }
    drop(key.userId)
    return .nothing
  }

  /// Takes a link out of its queue; false where it was not queued behind another.
  mutating func withdraw(_ key: LinkKey) -> Bool {
    guard let index = users[key.userId]?.queue.firstIndex(where: { $0.key == key }) else { return false }
    users[key.userId]?.queue.remove(at: index)
    return true
  }

  /// Links that wait behind their user's turn, in no order.
  var queued: [LinkKey] { users.values.flatMap { $0.queue.map(\.key) } }

  private mutating func drop(_ userId: Int64) {
    if users[userId]?.isIdle == true { users[userId] = nil }
  }
}
