/// Numbers of lines, written as ranges: `3, 7-12`.
struct LineRanges: Hashable, CustomStringConvertible {
  /// Rising, none of them touching the next.
  private(set) var ranges: [ClosedRange<Int>] = []

  /// The ranges of these numbers, in any order.
  init(_ numbers: some Sequence<Int>) {
    for number in numbers.sorted() {
      guard let last = ranges.last, number <= last.upperBound + 1 else {
        ranges.append(number...number)
        continue
      }
      ranges[ranges.count - 1] = last.lowerBound...number
    }
  }

  /// How many numbers.
  var count: Int { ranges.reduce(0) { $0 + $1.count } }

  /// `line 3` or `lines 3, 7-12`.
  var description: String {
    let list = ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
    return (count == 1 ? "line " : "lines ") + list.joined(separator: ", ")
  }
}
