import Testing

@testable import LinkCore

@Suite struct OffsetTrackerTests {
  @Test("A record is counted until its transaction is committed: an aborted one brings back no more than was counted")
  func countsUntilCommitted() {
    var tracker = OffsetTracker(committed: 0)
    for offset: Int64 in 0..<4 { _ = tracker.receive(offset, bytes: 10) }
    tracker.batch(0)
    tracker.batch(1)
    #expect(tracker.unsettledCount == 4 && tracker.unsettledBytes == 40 && tracker.position == 2)
    tracker.abort()
    #expect(tracker.unsettledCount == 4 && tracker.unsettledBytes == 40 && tracker.position == 0)
    tracker.batch(0)
    tracker.settle(1)
    #expect(tracker.unsettledCount == 3 && tracker.unsettledBytes == 30)
    tracker.commit(at: 2)
    #expect(tracker.unsettledCount == 2 && tracker.unsettledBytes == 20 && tracker.committed == 2)
  }

  @Test("A record that rests is not counted, and holds its partition's offset")
  func rests() {
    var tracker = OffsetTracker(committed: 0)
    for offset: Int64 in 0..<2 { _ = tracker.receive(offset, bytes: 10) }
    tracker.batch(0)
    tracker.batch(1)
    tracker.abort()
    tracker.rest(0)
    tracker.batch(1)
    tracker.commit(at: 0)
    #expect(tracker.unsettledCount == 0 && tracker.unsettledBytes == 0 && tracker.position == 0)
    tracker.batch(0)
    tracker.commit(at: tracker.position)
    #expect(tracker.unsettledCount == 0 && tracker.unsettledBytes == 0 && tracker.position == 2)
  }
}
