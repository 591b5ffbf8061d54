import LinkCore
import Testing

@testable import LinkCommands

@Suite("The sandbox's screen")
struct SandboxScreenTests {
  private let first = LinkKey(userId: 7, idempotencyKey: "k")
  private let second = LinkKey(userId: 8, idempotencyKey: "/me#r-2")

  /// One link with its token, one that waits, one that is being called, one that stands in Kafka.
  private func scene(width: Int, height: Int = 30) -> Scene {
    var scene = Scene(width: width, height: height)
    scene.request(Scene.record("r-1", userId: 7, key: "k"))
    scene.call(first, .transient, 503)
    scene.call(first, .transient, 503)
    scene.call(first, .succeeded, 200)
    scene.decide(.succeeded, first)
    scene.outcome(
      "token-ready", id: "r-1", first, #""allAccounts":true,"token":"secret-token","attempts":3"#, grant: .all)
    scene.request(Scene.record("r-2", userId: 8, offset: 1))
    scene.call(second, .ambiguous, nil)
    scene.decide(.scheduled, second, at: .init(partition: 0, offset: 1), due: scene.now + 2_500)
    scene.request(Scene.record("r-3", userId: 9, offset: 2))
    scene.take(.observed(.calling(LinkKey(userId: 9, idempotencyKey: "/me#r-3"))))
    scene.request(Scene.record("r-4", userId: 10, offset: 3), isReceived: false)
    scene.now = scene.now + 1_200
    return scene
  }

  @Test("shows each request's way, the next attempt's time and the counts")
  func wide() {
    var scene = scene(width: 100)
    #expect(
      scene.lines == [
        "the title",
        "✓ r-1        7/k      … → received → 503 ×2 → 200 → journaled → token for all accounts, 150 ms",
        "… r-2        user 8   requested → received → lost → attempt 2 in 1.3 s",
        "▶ r-3        user 9   requested → received → calling (attempt 1, 1.2 s)",
        "· r-4        user 10  requested",
        "links 2  calls 4  tokens 1  failed 0  refused 0  dead letters 0  waiting 1",
      ])
  }

  @Test("keeps the end of a way where there is less room, and no line is wider than the terminal")
  func narrow() {
    var scene = scene(width: 60)
    #expect(scene.lines[1] == "✓ r-1        7/k      … → token for all accounts, 150 ms")
    for width in 1...120 {
      var scene = self.scene(width: width)
      for line in scene.lines { #expect(line.columnCount <= width, "\(width): \(line)") }
    }
  }

  @Test("lets the oldest that have ended go where there is no room, and says how many more there are")
  func short() {
    var scene = scene(width: 100, height: 7)
    let gone = scene.screen.scroll(&scene.board, now: scene.now)
    #expect(gone.map(\.text).map { $0.prefix(5) } == ["✓ r-1"])
    #expect(scene.lines.map { $0.prefix(5) } == ["the t", "… r-2", "▶ r-3", "· r-4", "links"])
    scene.screen.height = 6
    #expect(scene.screen.scroll(&scene.board, now: scene.now).isEmpty)
    #expect(scene.lines[1...].map { $0.prefix(12) } == ["… r-2       ", "  and 2 more", "links 2  cal"])
    scene.screen.height = 5
    #expect(scene.lines[1...].map { $0.prefix(12) } == ["  and 3 more", "links 2  cal"])
  }

  @Test("says how to end it first: a narrow terminal cuts the end off")
  func title() {
    let title = SandboxGuide.title(.running("broker-1.kafka.example.com:9092"), adapterURL: "http://127.0.0.1:35849")
    #expect(title.cut(to: 40).text.hasPrefix("linkworker sandbox  Ctrl-C ends  "))
  }

  @Test("says what it waits for while nothing is on its way")
  func silence() {
    var scene = Scene()
    #expect(scene.lines[1] == "  the worker joins its group, which takes some seconds …")
    scene.note(.laneOpened(partition: 0, position: 0))
    #expect(scene.lines[1] == "  nothing is on its way")
  }

  @Test("sums up by end, with calls a link and how long an outcome took")
  func summary() {
    let scene = scene(width: 100)
    #expect(
      SandboxSummary.lines(scene.board).map(\.text) == [
        "Summary",
        "  requests            4",
        "  links               2: 1 with a token, 0 failed, 1 not at the end",
        "  refused             0",
        "  dead letters        0",
        "  duplicates          0",
        "  moved               0",
        "  calls               4, 2.0 a link",
        "  request to outcome  p50 150 ms, p99 150 ms, of 1",
      ])
  }

  @Test("counts the columns of wide letters and of marks, and cuts between letters")
  func columns() {
    #expect("日本".columnCount == 4 && "e\u{301}".columnCount == 1 && "→".columnCount == 1)
    #expect(StyledLine("日本語").cut(to: 4).text == "日…")
    #expect(StyledLine("abc").cut(to: 3).text == "abc")
  }

  @Test("paints on a coloured terminal alone")
  func paint() {
    var line = StyledLine("a", .red)
    line.append("b")
    #expect(line.rendered(isColoured: true) == "\u{1B}[31ma\u{1B}[0mb")
    #expect(line.rendered(isColoured: false) == "ab")
  }
}
