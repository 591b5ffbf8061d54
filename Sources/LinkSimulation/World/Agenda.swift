import LinkCore

/// What is to happen, by virtual time; of one moment, in the order in which it was asked for.
final class Agenda {
  private(set) var now: Milliseconds = 0
  private var heap: [Item] = []
  private var sequence: UInt64 = 0

  private struct Item {
    var time: Milliseconds
    var sequence: UInt64
    var action: () -> Void

    static func < (left: Item, right: Item) -> Bool {
      left.time == right.time ? left.sequence < right.sequence : left.time < right.time
    }
  }

  /// Has something happen after so many milliseconds; never in the past.
  func after(_ delay: Milliseconds, _ action: @escaping () -> Void) {
    sequence += 1
    heap.append(Item(time: now + max(delay, 0), sequence: sequence, action: action))
    var child = heap.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard heap[child] < heap[parent] else { return }
      heap.swapAt(child, parent)
      child = parent
    }
  }

  /// Lets the next thing happen, if it does not lie behind `end`; false where there is none.
  func turn(until end: Milliseconds) -> Bool {
    guard let first = heap.first, first.time <= end else { return false }
    let last = heap.removeLast()
    if !heap.isEmpty {
      heap[0] = last
      sink()
    }
    now = first.time
    first.action()
    return true
  }

  /// Forgets everything: what is held by actions is let go.
  func clear() { heap = [] }

  private func sink() {
    var parent = 0
    while true {
      var least = parent
      for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && heap[child] < heap[least] {
        least = child
      }
      guard least != parent else { return }
      heap.swapAt(parent, least)
      parent = least
    }
  }
}
