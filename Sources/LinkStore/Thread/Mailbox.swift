import Glibc
import LinkCore
import Synchronization

/// What waits for the store's thread, in the order in which it came.
final class Mailbox: Sendable {
  /// A piece of the thread's day.
  enum Item: Sendable {
    /// Work, with an answer for each piece that has one.
    case work([StoreWork])
    /// Something that somebody waits for; `nil` instead of the store when it cannot be had any more.
    case errand(@Sendable (Result<LinkStore, StoreFailure>) -> Void)
    /// A look at the store that changes nothing, and for which nobody waits.
    case glance(@Sendable (LinkStore) -> Void)
  }

  /// What the thread is to do next.
  enum Turn {
    case work([StoreWork])
    case errand(@Sendable (Result<LinkStore, StoreFailure>) -> Void)
    case glance(@Sendable (LinkStore) -> Void)
    /// Nothing came within the time.
    case idle
    /// Nothing is left, and nothing more will come.
    case stop
  }

  fileprivate struct State {
    var items: [Item] = []
    /// Items before this one are done: a removal at the front would move all the others.
    var first = 0
    var workCount = 0
    var isStopping = false
    var isRung = false
  }

  /// How many pieces of work go into one transaction, so that its answers are not too long in coming.
  static let turnLimit = 2000

  private let state = Mutex(State())
  private let bell: Bell

  init() throws(StoreFailure) { bell = try Bell() }

  /// How many pieces of work wait.
  var workCount: Int { state.withLock { $0.workCount } }

  /// Whether the thread is to end.
  var isStopping: Bool { state.withLock { $0.isStopping } }

  /// Puts an item at the end; false where the mailbox takes none any more.
  func put(_ item: Item) -> Bool {
    let (isTaken, rings) = state.withLock { state in
      guard !state.isStopping else { return (false, false) }
      if case .work(let work) = item { state.workCount += work.count }
      state.items.append(item)
      defer { state.isRung = true }
      return (true, !state.isRung)
    }
    if rings { bell.ring() }
    return isTaken
  }

  /// Takes no more items; what waits is still done.
  func stop() {
    state.withLock { $0.isStopping = true }
    bell.ring()
  }

  /// What is next: all the work that waits up to the next errand, at most `turnLimit` pieces unless one submission has more. Waits for
  /// it at most `patience` milliseconds, or without end.
  func next(patience: Milliseconds?) -> Turn {
    let end = patience.map { Uptime.now + $0 }
    while true {
      if let turn = state.withLock({ $0.next() }) { return turn }
      let left = end.map { $0 - Uptime.now }
      if let left, left <= 0 { return .idle }
      bell.wait(atMost: left)
    }
  }

  /// Waits for `pause` milliseconds, or until the thread is to stop.
  func rest(_ pause: Milliseconds) {
    let end = Uptime.now + pause
    while !isStopping, case let left = end - Uptime.now, left > 0 { bell.wait(atMost: left) }
  }
}

extension Mailbox.State {
  fileprivate mutating func next() -> Mailbox.Turn? {
    isRung = false
    var work: [StoreWork] = []
    while first < items.count {
      switch items[first] {
      case .errand(let errand):
        guard work.isEmpty else { return .work(work) }
        pop()
        return .errand(errand)
      case .glance(let glance):
        guard work.isEmpty else { return .work(work) }
        pop()
        return .glance(glance)
      case .work(let more):
        guard work.isEmpty || work.count + more.count <= Mailbox.turnLimit else { return .work(work) }
        pop()
        workCount -= more.count
        work += more
      }
    }
    if !work.isEmpty { return .work(work) }
    return isStopping ? .stop : nil
  }

  private mutating func pop() {
    first += 1
    if first == items.count {
      items.removeAll(keepingCapacity: first <= 1024)
      first = 0
    } else if first >= 1024 {
      items.removeFirst(first)
      first = 0
    }
  }
}
