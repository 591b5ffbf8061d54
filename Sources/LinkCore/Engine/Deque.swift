/// A queue over an array: appends at the end, takes from the front in amortised constant time.
struct Deque<Element> {
  private var storage: [Element] = []
  private var head = 0

  init() {}

  var count: Int { storage.count - head }
  var isEmpty: Bool { count == 0 }
  var first: Element? { isEmpty ? nil : storage[head] }

  subscript(index: Int) -> Element {
    get { storage[head + index] }
    set { storage[head + index] = newValue }
  }

  mutating func append(_ element: Element) { storage.append(element) }

  /// Puts elements before all others, in their order.
  mutating func prepend(_ elements: [Element]) {
    storage.replaceSubrange(0..<head, with: elements)
    head = 0
  }

  @discardableResult
  mutating func removeFirst() -> Element {
    let element = storage[head]
    head += 1
    // Half of the array being spent, the rest moves down: each element moves at most once for each time it was appended.
    if head * 2 >= storage.count, head >= 64 || head == storage.count {
      storage.removeFirst(head)
      head = 0
    }
    return element
  }

  mutating func removeAll() {
    storage.removeAll()
    head = 0
  }

  mutating func removeAll(where matches: (Element) -> Bool) {
    storage.removeFirst(head)
    head = 0
    storage.removeAll(where: matches)
  }

  func first(where matches: (Element) -> Bool) -> Element? { storage[head...].first(where: matches) }

  mutating func mutateEach(_ change: (inout Element) -> Void) {
    for index in head..<storage.count { change(&storage[index]) }
  }

  /// The index of the element with this key, where the keys ascend.
  func firstIndex<Key: Comparable>(sortedBy key: Key, _ keyOf: (Element) -> Key) -> Int? {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if keyOf(self[middle]) < key { low = middle + 1 } else { high = middle }
    }
    return low < count && keyOf(self[low]) == key ? low : nil
  }
}

extension Deque: Sendable where Element: Sendable {}

extension Deque: Sequence {
  func makeIterator() -> ArraySlice<Element>.Iterator { storage[head...].makeIterator() }
}
