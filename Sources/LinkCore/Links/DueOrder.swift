/// In which order due links are taken: of every four, three by the nearest own deadline and one by the longest wait.
///
/// A person who waits gives a deadline of minutes, a backfill none or a far one: so the person goes first. The fourth keeps those without a deadline
/// from starving, however many people come.
public enum DueOrder {
  /// Whether the next link goes by its wait, after so many that were taken before.
  public static func isByWait(after taken: Int) -> Bool { taken % 4 == 3 }

  /// Takes up to `limit` out of the same links in two orders. Where one order has none left the other gives them all.
  ///
  /// - Parameters:
  ///   - urgent: Those with a deadline of their own, the nearest first.
  ///   - waiting: All of them, the longest wait first.
  ///   - taken: How many were taken before: the count goes on from one call to the next, or a caller that takes one at a time would
  ///     never come to the fourth.
  public static func pick<ID: Hashable>(urgent: [ID], waiting: [ID], limit: Int, after taken: Int) -> [ID] {
    var picked: [ID] = []
    var seen: Set<ID> = []
    var (urgent, waiting) = (urgent[...], waiting[...])
    while picked.count < limit {
      while let first = urgent.first, seen.contains(first) { urgent.removeFirst() }
      while let first = waiting.first, seen.contains(first) { waiting.removeFirst() }
      let byWait = isByWait(after: taken + picked.count)
      guard let next = byWait ? waiting.first ?? urgent.first : urgent.first ?? waiting.first else { break }
      seen.insert(next)
      picked.append(next)
    }
    return picked
  }

  /// The same links, where those of one user have changed places so that they come by source offset.
  public static func orderedByOffset<Element>(_ elements: [Element], link: (Element) -> Link) -> [Element] {
    var places: [Int64: [Int]] = [:]
    for (index, element) in elements.enumerated() { places[link(element).key.userId, default: []].append(index) }
    var ordered = elements
    for own in places.values where own.count > 1 {
      let sorted = own.map { elements[$0] }.sorted { link($0).origin.offset < link($1).origin.offset }
      for (index, element) in zip(own, sorted) { ordered[index] = element }
    }
    return ordered
  }
}
