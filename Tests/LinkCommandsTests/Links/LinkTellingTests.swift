import LinkCore
import Testing

@testable import LinkCommands

@Suite("What is told of links")
struct LinkTellingTests {
  private static let now = Timestamp(milliseconds: 10_000_000)
  private static let tried = [
    Attempt(at: Timestamp(milliseconds: 2_000_000), verdict: .ambiguous, wait: 4_000),
    Attempt(at: Timestamp(milliseconds: 2_004_000), verdict: .transient, status: 503, wait: 900_000),
  ]
  private static let waiting = Link.sample(
    .scheduled(due: Timestamp(milliseconds: 10_180_000)), brokers: ["northwind", "b\u{1B}[1m"], attempts: tried,
    deadline: Timestamp(milliseconds: 11_000_000))
  private static let failed = Link.sample(
    key: "a b", .failed(at: Timestamp(milliseconds: 3_000_000), code: .deadlineExceeded), attempts: tried,
    replays: [
      .init(id: "j/1", at: Timestamp(milliseconds: 2_500_000), reason: "adapter is\nback", operator: "ops@host")
    ])

  private func lines(_ link: Link) -> [String] { LinkStory(link: link, now: Self.now).text }

  private func json(_ writer: JSONWriter) -> String { String(decoding: writer.bytes, as: UTF8.self) }

  @Test("A link that waits says when it is tried next, and by when it has to have its token")
  func waiting() {
    #expect(
      lines(Self.waiting) == [
        "link      14601/tv-9b1d",
        "state     scheduled",
        #"asked     by request "r-1" from "/client-area", in partition 3, offset 128, of 1970-01-01T00:16:40.000Z, 2 h ago"#,
        #"brokers   "northwind", "b\u001b[1m""#,
        "for       account 6230011",
        "deadline  1970-01-01T03:03:20.000Z",
        "calls     2 count, of which 1 with their answer lost; all attempts:",
        "          1970-01-01T00:33:20.000Z  ambiguous, then a wait of 4.0 s",
        "          1970-01-01T00:33:24.000Z  transient (503), then a wait of 15 min",
        "next      next attempt in 3 min (at 1970-01-01T02:49:40.000Z)",
        "          where no token has come by then, it fails at 1970-01-01T03:03:20.000Z, in 16 min (deadline_exceeded)",
      ])
    var overdue = Self.waiting
    overdue.state = .scheduled(due: Timestamp(milliseconds: 9_000_000))
    overdue.request?.deadline = Timestamp(milliseconds: 9_500_000)
    let next = LinkStory(link: overdue, now: Self.now).next
    #expect(next[0].hasPrefix("due for 16 min (since 1970-01-01T02:30:00.000Z): the worker that has partition 3"))
    #expect(next[1].hasPrefix("its deadline 1970-01-01T02:38:20.000Z has passed"))
  }

  @Test("A link that failed says why, who replayed it, and with which command it can be replayed")
  func failed() {
    let lines = lines(Self.failed)
    #expect(
      lines.contains(
        "state     failed at 1970-01-01T00:50:00.000Z, 116 min ago: deadline_exceeded. TradingView access could not be set up in time."
      ))
    #expect(lines.contains(#"replays   1 at 1970-01-01T00:41:40.000Z by ops@host: adapter is\nback"#))
    #expect(
      lines.suffix(2) == [
        "next      ended: it is not tried again by itself",
        "          a replay can help: linkworker replay --reason '…' '14601/a b'",
      ])
    let succeeded = LinkStory(link: .sample(.succeeded(at: Self.now)), now: Self.now)
    #expect(
      succeeded.next == [
        "ended: its token-ready event stands in the outcomes topic as long as that keeps it; the token is kept nowhere else"
      ])
  }

  @Test("The JSON of a link has its request but the context, its attempts, its replays and what comes next")
  func objects() throws {
    var link = Self.failed
    link.request?.context = Array(#"{"secret":"x"}"#.utf8)
    #expect(
      json(LinkStory(link: link, now: Self.now).json)
        == #"{"userId":14601,"idempotencyKey":"a b","state":"failed","at":"1970-01-01T00:50:00.000Z","code":"deadline_exceeded","#
        + #""decidedAt":"1970-01-01T00:50:00.000Z","attempts":2,"ambiguous":1,"replay":1,"partition":3,"offset":128,"#
        + #""recordTime":"1970-01-01T00:16:40.000Z","request":{"id":"r-1","source":"/client-area","brokerNames":["northwind"],"#
        + #""ctidTraderAccountIds":[6230011],"contextBytes":14},"history":[{"at":"1970-01-01T00:33:20.000Z","verdict":"ambiguous","wait":4000},"#
        + #"{"at":"1970-01-01T00:33:24.000Z","verdict":"transient","status":503,"wait":900000}],"replays":[{"id":"j/1","#
        + #""at":"1970-01-01T00:41:40.000Z","operator":"ops@host","reason":"adapter is\nback"}],"next":{"action":"none","#
        + #""replayCanHelp":true,"command":"linkworker replay --reason '…' '14601/a b'"}}"#)
    let waiting = json(LinkStory(link: Self.waiting, now: Self.now).json)
    #expect(
      waiting.hasSuffix(
        #""next":{"action":"attempt","at":"1970-01-01T02:49:40.000Z","deadline":"1970-01-01T03:03:20.000Z"}}"#),
      "\(waiting)")
    let endless = json(LinkStory(link: .sample(.scheduled(due: Self.now)), now: Self.now).json)
    #expect(endless.hasSuffix(#""next":{"action":"attempt","at":"1970-01-01T02:46:40.000Z"}}"#), "\(endless)")
    let listed = String(decoding: LinkListing(Self.waiting, isJSON: true).line, as: UTF8.self)
    #expect(listed.hasSuffix(#","recordTime":"1970-01-01T00:16:40.000Z","brokerNames":["northwind","b\u001b[1m"]}"#))
  }

  @Test("The columns of a list stay in line, and what has any length comes last")
  func columns() throws {
    let rows = [Self.waiting, Self.failed, .sample(.succeeded(at: Self.now))].map {
      String(decoding: LinkListing($0, isJSON: false).line, as: UTF8.self)
    }
    #expect(
      [LinkListing.heading] + rows == [
        "STATE      DECIDED                   CALLS  REPLAY  CODE OR DUE                   LINK  BROKERS",
        #"scheduled  1970-01-01T00:33:24.000Z      2       0  due 1970-01-01T02:49:40.000Z  14601/tv-9b1d  northwind, b\u001b[1m"#,
        "failed     1970-01-01T00:50:00.000Z      2       1  deadline_exceeded             14601/a b  northwind",
        "succeeded  1970-01-01T02:46:40.000Z      0       0  -                             14601/tv-9b1d",
      ])
  }

  @Test("Statistics count each kind, and name the link that waits longest and the one that is due first")
  func stats() {
    let names = BrokerNames()
    var stats = LinkStats(now: Self.now)
    var early = Link.sample(user: 2, .scheduled(due: Timestamp(milliseconds: 9_000_000)), brokers: ["a"])
    early.attemptCount = 40
    var old = Link.sample(user: 3, .scheduled(due: Timestamp(milliseconds: 12_000_000)), brokers: ["a", "northwind"])
    old.origin.timestamp = Timestamp(milliseconds: 500_000)
    for link in [Self.failed, early, old, .sample(user: 4, .succeeded(at: Self.now))] {
      stats.take(LinkStats.Item(link, names: names))
    }
    #expect(
      stats.text(names) == [
        "links      4",
        "scheduled  2, of which 1 are due already",
        "succeeded  1",
        "failed     1",
        "replayed   1",
        "codes      deadline_exceeded 1",
        "oldest     3/tv-9b1d waits for 2 h, since 1970-01-01T00:08:20.000Z",
        "next due   2/tv-9b1d is due for 16 min already, at 1970-01-01T02:30:00.000Z",
        "calls      0: 2 links",
        "           2: 1 link",
        "           33 or more: 1 link",
        #"brokers    "a": 2 wait, 0 failed"#,
        #"           "northwind": 1 wait, 1 failed"#,
      ])
    #expect(
      json(stats.json(names))
        == #"{"links":4,"states":{"scheduled":2,"succeeded":1,"failed":1},"due":1,"replayed":1,"#
        + #""codes":[{"code":"deadline_exceeded","links":1}],"oldest":{"userId":3,"idempotencyKey":"tv-9b1d","at":"1970-01-01T00:08:20.000Z"},"#
        + #""soonest":{"userId":2,"idempotencyKey":"tv-9b1d","at":"1970-01-01T02:30:00.000Z"},"#
        + #""calls":[{"from":0,"to":0,"links":2},{"from":2,"to":2,"links":1},{"from":33,"links":1}],"#
        + #""brokers":[{"name":"a","scheduled":2,"failed":0},{"name":"northwind","scheduled":1,"failed":1}]}"#)
    #expect(LinkStats(now: Self.now).text(names).first == "links      0")
  }

  @Test("A link that was replayed waits since then, and not since its request")
  func waitsSinceReplay() {
    var stats = LinkStats(now: Self.now)
    let replay = Link.AcceptedReplay(id: "j/1", at: Timestamp(milliseconds: 9_000_000), reason: "r", operator: "o")
    let due = Link.State.scheduled(due: Timestamp(milliseconds: 12_000_000))
    for link in [Link.sample(user: 2, due, replays: [replay]), .sample(user: 3, due)] {
      stats.take(LinkStats.Item(link, names: BrokerNames()))
    }
    #expect(stats.oldest?.key.userId == 3)
    stats = LinkStats(now: Self.now)
    stats.take(LinkStats.Item(.sample(user: 2, due, replays: [replay]), names: BrokerNames()))
    #expect(stats.oldest?.at == replay.at)
  }
}
