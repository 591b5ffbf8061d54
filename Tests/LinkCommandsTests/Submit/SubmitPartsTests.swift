import LinkCore
import LinkKafka
import Testing

@testable import LinkCommands

@Suite("What submit is made of")
struct SubmitPartsTests {
  @Test("Lengths of time are whole numbers with units; anything else is none")
  func spans() {
    let cases: [(String, Milliseconds?)] = [
      ("120s", 120_000), ("5m", 300_000), ("1h30m", 5_400_000), ("2d", 172_800_000), ("500ms", 500), ("0s", 0),
      ("", nil), ("5", nil), ("m", nil), ("-5m", nil), ("1.5h", nil), ("5 m", nil), ("5x", nil), ("٥m", nil),
      ("9223372036854775807s", nil), ("2026-03-02T09:15:04Z", nil),
    ]
    for (text, wanted) in cases { #expect(TimeSpan.milliseconds(text) == wanted, "\(text)") }
  }

  @Test("A rate lets so many through a second, evenly, and saves nothing up")
  func rate() {
    var limit = RateLimit(perSecond: 50, now: 0)
    var now: Milliseconds = 0
    var count = 0
    while now < 10_000 {
      if let wait = limit.take(now: now) { now += wait } else { count += 1 }
    }
    #expect((495...505).contains(count))
    now += 3_600_000
    var burst = 0
    while limit.take(now: now) == nil { burst += 1 }
    #expect(burst == 5)
  }

  @Test("The ledger knows up to which line all is acknowledged, which lines are lost, and which of them are uncertain")
  func ledger() {
    var ledger = SubmitLedger()
    for number in 1...6 {
      let line = InputLine(number: number, bytes: [1, 2, 3], end: 0)
      ledger.read(line)
      if number == 2 { ledger.reject() } else { ledger.send(pending(number)) }
    }
    #expect(ledger.pendingExtent == 15)
    for number in [1, 3, 5] { _ = ledger.settle(.init(tag: number, fate: .written(partition: 0, offset: 1))) }
    _ = ledger.settle(.init(tag: 4, fate: .lost(timeout, mayBeWritten: true)))
    _ = ledger.settle(.init(tag: 6, fate: .lost(timeout, mayBeWritten: false)))
    #expect(ledger.settle(.init(tag: 6, fate: .written(partition: 0, offset: 1))) == nil)
    #expect(ledger.acknowledgedThrough == 3)
    #expect(ledger.lostLines == [4, 6] && ledger.uncertainLines == [4] && ledger.pendingExtent == 0)
    #expect(ledger.summary == "read 6 lines: 5 sent, 3 acknowledged, 1 rejected, 2 not acknowledged")
    let failure = verdict(ledger)
    #expect(failure?.exitCode == .unavailable)
    let words = failure?.lines.map(\.description) ?? []
    #expect(words.count == 2)
    #expect(words[0].contains("not acknowledged: lines 4, 6 (2); Kafka may have line 4"))
    #expect(words[0].contains("tail -n +4 requests.ndjson | linkworker submit -"))
    #expect(words[1].contains("1 line would be refused and not sent"))
  }

  @Test("Of several reasons the exit code is that of the first to act on")
  func precedence() {
    var ledger = SubmitLedger()
    ledger.read(InputLine(number: 1, bytes: [], end: 0))
    #expect(verdict(ledger) == nil)
    #expect(verdict(ledger, tally: OutcomeTally(tokenCount: 1)) == nil)
    #expect(verdict(ledger, tally: OutcomeTally(otherCount: 1))?.exitCode == .found)
    #expect(verdict(ledger, tally: OutcomeTally(openCount: 1))?.exitCode == .found)
    ledger.reject()
    #expect(verdict(ledger, tally: OutcomeTally(otherCount: 1))?.exitCode == .dataError)
    ledger.lose(1, KafkaFailure("write", "", code: 29))
    #expect(verdict(ledger)?.exitCode == .noPermission)
    #expect(verdict(ledger, isInterrupted: true)?.exitCode == .interrupted)
  }

  @Test("What Kafka refuses for itself ends with 65, and the hint of an interruption goes past it")
  func refusals() {
    var ledger = SubmitLedger()
    for number in 1...6 {
      ledger.read(InputLine(number: number, bytes: [1], end: 0))
      ledger.send(pending(number))
      let fate: KafkaStreamWriter.Fate =
        number == 4
        ? .lost(KafkaFailure("write", "", code: 10), mayBeWritten: false) : .written(partition: 0, offset: 1)
      _ = ledger.settle(.init(tag: number, fate: fate))
    }
    #expect(ledger.failure == nil && ledger.acknowledgedThrough == 6)
    #expect(ledger.summary == "read 6 lines: 6 sent, 5 acknowledged, 1 rejected, 0 not acknowledged")
    let failure = verdict(ledger)
    #expect(failure?.exitCode == .dataError)
    #expect(failure?.lines.first?.description.contains("Kafka refuses 1 request for itself") == true)
    #expect(verdict(ledger, isInterrupted: true)?.lines.first?.hint.hasPrefix("tail -n +7 ") == true)
  }

  @Test("Once all was taken an interruption has nothing to go on with; a request made of options is repeated by its id")
  func interruptions() {
    var ledger = SubmitLedger()
    ledger.read(InputLine(number: 1, bytes: [1], end: 0))
    ledger.send(pending(1))
    var single = SubmitVerdict(
      name: "the request", path: "", input: .single, ledger: ledger, isInterrupted: true, isAllOrNothing: false,
      requestID: "the id")
    single.ledger.lose(1, timeout)
    #expect(single.failure?.lines.last?.hint.contains("the same options again with --id 'the id'") == true)
    single.ledger = ledger
    _ = single.ledger.settle(.init(tag: 1, fate: .written(partition: 0, offset: 1)))
    single.isAtEnd = true
    var file = single
    file.input = .file
    for verdict in [single, file] {
      let line = verdict.failure?.lines.first
      #expect(verdict.failure?.exitCode == .interrupted && line?.hint.isEmpty == true)
      #expect(line?.reason.hasSuffix("nothing is left to send") == true)
    }
  }

  private let timeout = KafkaFailure("write", "", code: -185)

  private func verdict(
    _ ledger: SubmitLedger, tally: OutcomeTally? = nil, isInterrupted: Bool = false
  ) -> CommandFailure? {
    SubmitVerdict(
      name: "requests.ndjson", path: "requests.ndjson", input: .file, ledger: ledger, tally: tally,
      isInterrupted: isInterrupted,
      isAllOrNothing: false
    ).failure
  }

  private func pending(_ line: Int) -> SubmitLedger.Pending {
    SubmitLedger.Pending(
      line: line, id: "i", source: "s", key: LinkKey(userId: 1, idempotencyKey: "k"), extent: 3)
  }
}
