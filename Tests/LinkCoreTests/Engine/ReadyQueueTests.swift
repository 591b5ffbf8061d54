import Testing

@testable import LinkCore

@Suite("The order of links that wait for a slot")
struct ReadyQueueTests {
  @Test("Three of four slots go to the nearest deadlines, one to the longest wait")
  func order() {
    var queue = ReadyQueue()
    for number in 0..<8 { queue.append(key(number), deadline: at(1_000_000), isUrgent: false) }
    for number in 8..<16 { queue.append(key(number), deadline: at(100 - Int64(number)), isUrgent: true) }
    let taken = (0..<16).compactMap { _ in queue.takeNext()?.userId }
    #expect(taken == [15, 14, 13, 0, 12, 11, 10, 1, 9, 8, 2, 3, 4, 5, 6, 7])
    #expect(queue.isEmpty)
  }

  @Test("A link without a deadline has its slot however many with one come in, and one with a far deadline as well")
  func noStarvation() {
    var queue = ReadyQueue()
    queue.append(key(1), deadline: at(1_000_000), isUrgent: false)
    queue.append(key(2), deadline: at(900_000), isUrgent: true)
    for number in 3..<40 { queue.append(key(number), deadline: at(1000), isUrgent: true) }
    var taken: [Int64] = []
    for number in 100..<200 {
      queue.append(key(number), deadline: at(Int64(number)), isUrgent: true)
      if let next = queue.takeNext() { taken.append(next.userId) }
    }
    #expect(taken.firstIndex(of: 1).map { $0 < 4 } == true)
    #expect(taken.firstIndex(of: 2).map { $0 < 8 } == true)
  }

  @Test("Without deadlines it is a queue")
  func plain() {
    var queue = ReadyQueue()
    for number in 0..<200 { queue.append(key(number), deadline: at(Int64(1000 - number)), isUrgent: false) }
    #expect((0..<200).compactMap { _ in queue.takeNext()?.userId } == Array(0..<200))
  }

  @Test("Those whose deadline has come are taken out, in order of arrival, and only they")
  func expired() {
    var queue = ReadyQueue()
    for number in 0..<10 { queue.append(key(number), deadline: at(Int64(10 * number)), isUrgent: number % 2 == 0) }
    #expect(queue.nextExpiry == at(0))
    #expect(queue.takeExpired(at: at(-1)).isEmpty)
    #expect(queue.takeExpired(at: at(40)).map(\.userId) == [0, 1, 2, 3, 4])
    #expect(queue.nextExpiry == at(50))
    #expect(queue.count == 5)
    #expect((0..<6).compactMap { _ in queue.takeNext()?.userId }.sorted() == [5, 6, 7, 8, 9])
  }

  @Test(
    "Whatever is done to it, each link comes out once, and it is as large as it should be",
    arguments: 1...20 as ClosedRange<UInt64>)
  func anything(seed: UInt64) {
    var random = SeededRandom(seed: seed)
    var queue = ReadyQueue()
    var waiting: [Int64: Timestamp] = [:]
    var next = 0
    for step in 0..<3000 as Range<Int64> {
      switch Int.random(in: 0..<100, using: &random) {
      case 0:
        let all = queue.takeAll().map(\.userId)
        #expect(Set(all) == Set(waiting.keys) && all.count == waiting.count)
        waiting = [:]
      case 1..<4:
        if let gone = waiting.keys.min() {
          queue.withdraw(key(Int(gone)))
          waiting[gone] = nil
        }
      case 4..<8:
        let expired = queue.takeExpired(at: at(step)).map(\.userId)
        #expect(Set(expired) == Set(waiting.filter { $0.value <= at(step) }.keys))
        for user in expired { waiting[user] = nil }
      case 8..<54:
        let taken = queue.takeNext()
        #expect((taken == nil) == waiting.isEmpty)
        if let taken {
          let known = waiting.removeValue(forKey: taken.userId)
          #expect(known != nil)
        }
      default:
        next += 1
        let deadline = at(step + Int64.random(in: 1...2000, using: &random))
        queue.append(key(next), deadline: deadline, isUrgent: Bool.random(using: &random))
        waiting[Int64(next)] = deadline
      }
      #expect(queue.count == waiting.count)
    }
  }

  private func key(_ user: Int) -> LinkKey { LinkKey(userId: Int64(user), idempotencyKey: "k") }

  private func at(_ milliseconds: Int64) -> Timestamp { Timestamp(milliseconds: milliseconds) }
}
