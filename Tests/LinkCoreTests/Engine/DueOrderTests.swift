import LinkCore
import Testing

@Suite("The order of due links")
struct DueOrderTests {
  @Test("However many have a deadline, every fourth link is the one that has waited longest")
  func fourth() {
    let picked = DueOrder.pick(urgent: Array(100..<200), waiting: Array(0..<200), limit: 40, after: 0)
    #expect(picked.indices.filter { picked[$0] < 100 } == Array(stride(from: 3, to: 40, by: 4)))
    #expect(picked.filter { $0 < 100 } == Array(0..<10))
    #expect(picked.filter { $0 >= 100 } == Array(100..<130))
  }

  @Test("Taken in portions of any size they come in the same order", arguments: 1...9)
  func portions(_ size: Int) {
    var urgent = Array(50..<70)
    var waiting = Array(0..<70)
    let whole = DueOrder.pick(urgent: urgent, waiting: waiting, limit: 70, after: 0)
    var taken: [Int] = []
    while !waiting.isEmpty {
      let portion = DueOrder.pick(urgent: urgent, waiting: waiting, limit: size, after: taken.count)
      urgent.removeAll { portion.contains($0) }
      waiting.removeAll { portion.contains($0) }
      taken += portion
    }
    #expect(taken == whole)
    #expect(taken.sorted() == Array(0..<70))
  }

  @Test("Each is taken once, and where one order has none left the other gives them all")
  func once() {
    #expect(DueOrder.pick(urgent: [3, 1], waiting: [1, 2, 3], limit: 9, after: 0) == [3, 1, 2])
    #expect(DueOrder.pick(urgent: [], waiting: [1, 2], limit: 9, after: 0) == [1, 2])
    #expect(DueOrder.pick(urgent: [7, 8], waiting: [], limit: 1, after: 3) == [7])
    #expect(DueOrder.pick(urgent: [7], waiting: [7], limit: 0, after: 0) == [])
  }
}
