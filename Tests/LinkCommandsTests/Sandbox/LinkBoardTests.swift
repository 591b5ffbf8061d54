import LinkCore
import Testing

@testable import LinkCommands

@Suite("The sandbox's board")
struct LinkBoardTests {
  private let key = LinkKey(userId: 7, idempotencyKey: "k")

  @Test("follows a link from its request over two failed calls to its token, and says each step")
  func way() {
    var scene = Scene()
    scene.request(Scene.record("r-1", userId: 7, key: "k"))
    scene.call(key, .transient, 503)
    scene.decide(.scheduled, key, at: .init(partition: 0, offset: 0), due: scene.now + 400)
    scene.now = scene.now + 400
    scene.call(key, .succeeded, 200)
    scene.decide(.succeeded, key)
    scene.outcome(
      "token-ready", id: "r-1", key, #""allAccounts":true,"token":"secret-token","attempts":2"#, grant: .all)
    #expect(
      scene.said.map(\.text.text) == [
        "7/k asks for all accounts (partition 0, offset 0)",
        "received by the worker",
        "calls the adapter, attempt 1",
        "the adapter answers 503 after 50 ms",
        "waits 400 ms for attempt 2",
        "calls the adapter, attempt 2",
        "the adapter answers 200 after 50 ms",
        "journaled, before it is published",
        "committed: a token (verified: user 7, all accounts) after 2 calls, 500 ms after the request",
      ])
    #expect(Set(scene.said.map(\.name)) == ["r-1"])
    #expect(scene.board.count.links == 1 && scene.board.count.calls == 2 && scene.board.count.tokens == 1)
    #expect(scene.board.rows.values.first?.stage == .ended)
  }

  @Test("takes the worker's word before the reader's, in whatever order they come")
  func order() {
    let record = Scene.record("r-1", userId: 7, key: "k")
    var scene = Scene()
    scene.take(.observed(.received(record)))
    scene.take(.requested(record))
    #expect(scene.board.rows.count == 1 && scene.board.count.requests == 1)
    #expect(scene.board.rows.values.first?.stage == .received)
  }

  @Test("ends a duplicate by its place and leaves the link's own row on its way")
  func duplicate() throws {
    var scene = Scene()
    scene.request(Scene.record("r-1", userId: 7, key: "k"))
    scene.take(.observed(.calling(key)))
    scene.request(Scene.record("r-2", userId: 7, key: "k", offset: 1))
    scene.decide(.duplicate, key, at: .init(partition: 0, offset: 1))
    let rows = scene.board.order.compactMap { scene.board.rows[$0] }
    #expect(rows.map(\.name) == ["r-1", "r-2"])
    #expect(rows.map(\.stage) == [.calling(since: scene.now), .ended])
    #expect(scene.board.count.duplicates == 1)
  }

  @Test("keeps a request in its row when it is moved to its home")
  func moved() throws {
    let moved = Header("linkworker.moved-from", "requests/2/5")
    let home = Scene.record("r-1", userId: 7, key: "k", partition: 1, offset: 9, headers: [moved])
    var scene = Scene()
    scene.request(Scene.record("r-1", userId: 7, key: "k", partition: 2, offset: 5))
    scene.decide(.moved, key, at: .init(partition: 2, offset: 5))
    scene.request(home)
    scene.take(.sighted(try #require(Sighting(moved: home))))
    #expect(scene.board.rows.count == 1 && scene.board.count.requests == 1 && scene.board.count.moved == 1)
    let row = try #require(scene.board.rows.values.first)
    #expect(row.place == .init(partition: 1, offset: 9) && row.stage == .received)
    #expect(row.trail.map(\.text) == ["received", "moved 2 to 1", "received"])
  }

  @Test("keeps a bounded number of rows, and counts what has none")
  func bound() {
    var scene = Scene(rowLimit: 10)
    for offset in 0..<100 {
      scene.request(Scene.record("r-\(offset)", userId: 7, offset: Int64(offset)), isReceived: false)
    }
    #expect(scene.board.rows.count == 10 && scene.board.order.count == 10 && scene.board.count.requests == 100)
    let key = LinkKey(userId: 7, idempotencyKey: "/me#r-99")
    scene.outcome("failed", id: "r-99", key, #""error":{"code":"adapter_rejected"},"attempts":1"#)
    #expect(scene.said.last?.text.text == "committed: failed: adapter_rejected")
    #expect(scene.board.count.failed == ["adapter_rejected": 1] && scene.board.count.links == 1)
  }

  @Test("makes room for new requests by what has ended")
  func room() {
    var scene = Scene(rowLimit: 2)
    for offset in 0..<5 {
      scene.request(Scene.record("r-\(offset)", userId: 7, key: "k", offset: Int64(offset)))
      scene.decide(.duplicate, key, at: .init(partition: 0, offset: Int64(offset)))
    }
    #expect(scene.board.order.compactMap { scene.board.rows[$0]?.name } == ["r-3", "r-4"])
  }

  @Test("shows foreign text without what would steer a terminal")
  func foreign() {
    var scene = Scene()
    scene.request(Scene.record("a\u{1B}[2Jb", userId: 7, key: "k\u{200F}k"))
    let shown = scene.said.map { $0.name + $0.text.text }.joined() + scene.lines.joined()
    #expect(!shown.unicodeScalars.contains("\u{1B}") && !shown.unicodeScalars.contains("\u{200F}"))
    #expect(shown.contains("a?[2Jb"))
  }

  @Test("reckons half and 99 of 100 waits by rank")
  func waits() {
    var count = SandboxCount()
    #expect(count.waits == nil)
    for latency in (1...200).reversed() { count.noteLatency(Milliseconds(latency)) }
    #expect(count.waits?.count == 200 && count.waits?.median == 100 && count.waits?.most == 198)
  }
}
