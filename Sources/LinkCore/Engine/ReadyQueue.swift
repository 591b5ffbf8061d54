/// Links that have their user's turn and wait for a slot, in the order in which they get one.
///
/// Of four slots three go to the link with the nearest deadline of its own, for a person waits for it, and one to the link that has waited longest:
/// so neither starves the other, whatever comes in (weighted round robin over an earliest-deadline-first queue, Liu and Layland 1973, and a
/// queue by arrival). A link that comes behind an earlier one of its own user goes by arrival alone: else one user's ten thousand links would
/// go before everybody else's, one after the other. Adding and taking cost O(log n).
struct ReadyQueue: Sendable {
  /// Of so many slots one goes to the link that has waited longest.
  static let cycle = 4

  private var line: Deque<Entry> = Deque()
  private var urgent = Heap()
  /// Urgent entries that were taken from one of the two and still stand in the other.
  private var taken: Set<UInt64> = []
  private var lastNumber: UInt64 = 0
  private var turn = 0
  /// No entry ends before.
  private var firstDeadline = Timestamp(milliseconds: .max)
  /// Links that wait, and how many of them come from the schedule.
  private(set) var count = 0
  private(set) var dueCount = 0

  fileprivate struct Entry: Sendable {
    var key: LinkKey
    var number: UInt64
    var deadline: Timestamp
    var isUrgent: Bool
    var isDue: Bool

    static func < (left: Entry, right: Entry) -> Bool {
      (left.deadline, left.number) < (right.deadline, right.number)
    }
  }

  var isEmpty: Bool { count == 0 }

  /// When the first deadline of a link that waits may pass; nil without one.
  var nextExpiry: Timestamp? { isEmpty ? nil : firstDeadline }

  /// Adds a link that ends at `deadline`; `isUrgent` where that is its own and it is the first of its user's, `isDue` where it comes from the
  /// schedule.
  mutating func append(_ key: LinkKey, deadline: Timestamp, isUrgent: Bool, isDue: Bool = false) {
    lastNumber += 1
    let entry = Entry(key: key, number: lastNumber, deadline: deadline, isUrgent: isUrgent, isDue: isDue)
    line.append(entry)
    if isUrgent { urgent.push(entry) }
    firstDeadline = min(firstDeadline, deadline)
    count += 1
    if isDue { dueCount += 1 }
  }

  /// Takes the link that is next.
  mutating func takeNext() -> LinkKey? {
    turn = (turn + 1) % Self.cycle
    let entry = turn == 0 ? takeLongestWaiting() : takeUrgent() ?? takeLongestWaiting()
    if let entry {
      count -= 1
      if entry.isDue { dueCount -= 1 }
    }
    dropTaken()
    return entry?.key
  }

  private mutating func takeUrgent() -> Entry? {
    while let entry = urgent.pop() {
      guard taken.remove(entry.number) == nil else { continue }
      taken.insert(entry.number)
      return entry
    }
    return nil
  }

  private mutating func takeLongestWaiting() -> Entry? {
    while !line.isEmpty {
      let entry = line.removeFirst()
      guard entry.isUrgent else { return entry }
      guard taken.remove(entry.number) == nil else { continue }
      taken.insert(entry.number)
      return entry
    }
    return nil
  }

  /// What was taken from one side stays in the other until it comes up there: no more of it than of what waits.
  private mutating func dropTaken() {
    guard taken.count > 64 + count else { return }
    line.removeAll { [taken] in taken.contains($0.number) }
    urgent.removeAll { [taken] in taken.contains($0.number) }
    taken = []
  }

  /// Takes all links whose deadline has come, in order of arrival.
  mutating func takeExpired(at moment: Timestamp) -> [LinkKey] {
    guard !isEmpty, firstDeadline <= moment else { return [] }
    let expired = waiting.filter { $0.deadline <= moment }
    remove { $0.deadline <= moment }
    firstDeadline = line.lazy.map(\.deadline).min() ?? Timestamp(milliseconds: .max)
    return expired.map(\.key)
  }

  /// Takes one link out of the way.
  mutating func withdraw(_ key: LinkKey) { remove { $0.key == key } }

  /// Takes all, in order of arrival.
  mutating func takeAll() -> [LinkKey] {
    defer { remove { _ in true } }
    return waiting.map(\.key)
  }

  /// Those that wait, in order of arrival.
  var keys: [LinkKey] { waiting.map(\.key) }

  private var waiting: [Entry] { line.filter { !taken.contains($0.number) } }

  private mutating func remove(where matches: (Entry) -> Bool) {
    line.removeAll { [taken] in taken.contains($0.number) || matches($0) }
    urgent.removeAll { [taken] in taken.contains($0.number) || matches($0) }
    taken = []
    count = line.count
    dueCount = line.count { $0.isDue }
  }
}

/// A binary heap: the entry with the nearest deadline is at the top.
private struct Heap: Sendable {
  private var entries: [ReadyQueue.Entry] = []

  mutating func push(_ entry: ReadyQueue.Entry) {
    entries.append(entry)
    var child = entries.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard entries[child] < entries[parent] else { return }
      entries.swapAt(child, parent)
      child = parent
    }
  }

  mutating func pop() -> ReadyQueue.Entry? {
    guard let top = entries.first else { return nil }
    let last = entries.removeLast()
    if !entries.isEmpty {
      entries[0] = last
      sink(0)
    }
    return top
  }

  mutating func removeAll(where matches: (ReadyQueue.Entry) -> Bool) {
    entries.removeAll(where: matches)
    for parent in entries.indices.prefix(entries.count / 2).reversed() { sink(parent) }
  }

  private mutating func sink(_ start: Int) {
    var parent = start
    while true {
      var least = parent
      for child in [2 * parent + 1, 2 * parent + 2] where child < entries.count && entries[child] < entries[least] {
        least = child
      }
      guard least != parent else { return }
      entries.swapAt(parent, least)
      parent = least
    }
  }
}
