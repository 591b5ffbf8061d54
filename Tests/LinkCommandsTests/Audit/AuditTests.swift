import LinkCore
import LinkTestSupport
import Testing

@testable import LinkCommands

@Suite("An audit")
struct AuditTests {
  @Test("of a mixed history in which all is as promised finds nothing, and counts what there is")
  func clean() throws {
    let audit = try MixedHistory().history.audit()
    #expect(audit.counts.isEmpty, "\(audit.findings)")
    #expect(
      audit.totals
        == AuditTotals(
          requests: 16, unsettled: 1, links: 4, waiting: 1, tokens: 3, failures: 1, refusals: 5, deadLetters: 3,
          duplicates: 1, moved: 1, replays: 2, skipped: 1))
  }

  @Test("finds each thing that is changed in it, and nothing else", arguments: AuditFindingKind.allCases)
  func changed(_ kind: AuditFindingKind) throws {
    var mixed = try MixedHistory()
    let place = try mixed.provoke(kind)
    let audit = mixed.history.audit()
    #expect(Set(audit.counts.keys) == [kind], "\(audit.findings)")
    let finding = try #require(audit.findings.first)
    #expect(finding.partition == place.partition && finding.offset == place.offset, "\(finding)")
  }

  @Test("takes nothing for lost that the retention of a topic has deleted, and counts it")
  func retention() throws {
    // The outcomes of a while ago are gone: the state is the evidence.
    var mixed = try MixedHistory()
    mixed.history.drop(.outcomes, mixed.firstOutcome)
    mixed.history.drop(.outcomes, mixed.conflictRefusal)
    mixed.history.drop(.deadLetters, mixed.legibleLetter)
    mixed.history.since = AuditHistory.now
    let outcomes = mixed.history.audit()
    #expect(outcomes.counts.isEmpty && outcomes.totals.beyondRetention > 0, "\(outcomes.findings)")
    mixed.history.since = AuditHistory.now + -1
    #expect(
      mixed.history.audit().counts == [.outcomeMissing: 1, .requestLost: 1, .deadLetterMissing: 1],
      "what is younger than the oldest that is there was not deleted")

    // All requests are gone.
    var later = try MixedHistory()
    for partition in 0..<AuditHistory.partitionCount {
      later.history.lows[partition] = later.history.end(.requests, partition)
      later.history.committed[partition] = later.history.lows[partition]
    }
    let requests = later.history.audit()
    #expect(requests.counts.isEmpty && requests.totals.requests == 0, "\(requests.findings)")
    #expect(requests.totals.beyondRetention > 0)
  }

  @Test("takes a replay that is accepted and refused for two ends, unless its event was sent twice")
  func acceptedAndRefused() throws {
    for (count, expected) in [(1, 1), (2, 0)] {
      var history = AuditHistory()
      let failed = history.ask("b", user: 2, key: "k")
      try history.end(failed, token: false)
      for _ in 1..<count { history.replay("replay-1", user: 2, key: "k") }
      let replay = history.replay("replay-1", user: 2, key: "k")
      try history.refuse(replay, .replayRefused)
      try history.end(failed, replay: 1)
      try history.keep(failed, MixedHistory.done, replay: 1)
      #expect(history.audit().counts[.twoEnds] ?? 0 == expected)
    }
  }

  @Test("takes a link that was forgotten and made anew for no second outcome; sooner it is one")
  func renewal() throws {
    for (days, expected) in [(46, 0), (44, 1)] {
      var history = AuditHistory()
      let early = AuditHistory.now + Int64(-days) * 86_400_000
      try history.end(history.ask("a", user: 1, key: "k", at: early), at: early)
      let again = history.ask("b", user: 1, key: "k")
      try history.end(again)
      try history.keep(again, MixedHistory.done)
      #expect(history.audit().counts[.secondOutcome] ?? 0 == expected)
    }
  }

  @Test("asks of the state only what it must know by the time when it was read")
  func ahead() throws {
    var mixed = try MixedHistory()
    mixed.history.drop(.state, mixed.firstState)
    #expect(mixed.history.audit().counts == [.stateMissing: 1])
    mixed.history.stableOutcomes = 0
    #expect(mixed.history.audit().counts.isEmpty)
  }

  @Test("counts what is there again after offsets were set back, where it is told so")
  func reset() throws {
    for kind in [AuditFindingKind.refusedTwice, .deadLetterTwice, .movedTwice] {
      var mixed = try MixedHistory()
      _ = try mixed.provoke(kind)
      mixed.history.rules.isAfterReset = true
      let audit = mixed.history.audit()
      #expect(audit.counts.isEmpty && audit.totals.repeated == 1, "\(kind)")
    }
  }

  @Test("keeps the findings up to its limit, and counts them all")
  func limit() {
    var history = AuditHistory()
    for number in 0..<5 { history.ask("a\(number)", user: 1, key: "k\(number)") }
    let audit = history.audit(limit: 2)
    #expect(audit.findings.count == 2 && audit.findingCount == 5)
  }

  @Test("passes over unknown types where the workers do, and over what other groups wrote")
  func passedOver() throws {
    var history = AuditHistory()
    let event = #"{"specversion":"1.0","id":"a","source":"/b","type":"other","data":{}}"#
    history.append(
      OutgoingRecord(topic: .requests, key: nil, value: Array(event.utf8), headers: [AuditHistory.structured]))
    #expect(history.audit().counts == [.requestLost: 1])
    history.rules.unknownType = .skip
    #expect(history.audit().counts.isEmpty && history.audit().totals.skipped == 1)
    try history.end(history.ask("a", user: 1, key: "k", to: 0))
    history.rules.groupID = "others"
    let audit = history.audit()
    #expect(audit.totals.foreign == 1 && audit.counts == [.requestLost: 1])
  }

  @Test("tells findings in lines and objects, foreign text escaped")
  func report() throws {
    var finding = AuditFinding(kind: .requestLost, topic: .requests, partition: 3, offset: 128)
    finding.subject = AuditSubject(userID: 5, idempotencyKey: "a\u{1B}[2J\"", requestID: "r", requestSource: "/s")
    var topics = WorkerSettings.Topics()
    topics.requests = "requests"
    let report = AuditReport(
      topics: topics, totals: AuditTotals(), findings: [finding], counts: [.requestLost: 3], isAfterReset: false)
    let line = try #require(report.text.first)
    #expect(
      line.hasPrefix(#"request_lost: partition 3, offset 128 of requests: user 5, key "a\u001b[2J\"", request "r""#),
      "\(line)")
    #expect(report.text.contains("2 more findings are not told. Try: --limit 3"))
    #expect(report.text.last == "findings: 3")
    let object = try JSONValue(parsing: try #require(report.json.first).bytes)
    #expect(object["finding"]?.text == "request_lost" && object["offset"]?.integer == 128)
    let summary = try JSONValue(parsing: try #require(report.json.last).bytes)
    #expect(summary["summary"]?["clean"]?.boolean == false && summary["summary"]?["findings"]?.integer == 3)
  }
}
