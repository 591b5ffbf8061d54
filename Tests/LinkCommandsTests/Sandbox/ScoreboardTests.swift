import LinkCore
import Testing

@testable import LinkCommands
@testable import LinkSandbox

@Suite("The sandbox's judgement")
struct ScoreboardTests {
  private let samples = Sample.all(partitionCount: 4)

  private func sighting(_ sample: String, _ sight: Sight, userId: Int64? = nil, attempts: Int64? = nil) -> Sighting {
    Sighting(sample: sample, request: sample, sight: sight, userId: userId, attempts: attempts)
  }

  /// A board on which everything came that was expected.
  private var whole: Scoreboard {
    var board = Scoreboard(samples)
    for sample in samples {
      for sight in sample.expected {
        var attempts: Int64?
        if case .tokenReady(_, let count) = sight { attempts = count }
        board.take(sighting(sample.name, sight, userId: sample.userId, attempts: attempts))
      }
    }
    return board
  }

  @Test("is content when everything came once, and not before")
  func content() {
    #expect(!Scoreboard(samples).isComplete)
    #expect(whole.isComplete)
    let different = whole.judged { _ in 1 }.filter { !$0.isAsExpected }
    #expect(different.isEmpty)
  }

  @Test("tells what did not end as expected from what was stopped before its end")
  func verdict() {
    #expect(SandboxSummary.verdict(whole).text == "All 8 samples ended as expected.")
    var board = Scoreboard(samples)
    for sample in samples where sample.name != "moved" {
      for sight in sample.expected { board.take(sighting(sample.name, sight)) }
    }
    #expect(
      SandboxSummary.verdict(board).text == "Stopped before all samples had ended; not seen to the end: moved.")
    board.isSettled = true
    #expect(SandboxSummary.verdict(board).text == "1 of 8 samples did not end as expected: moved.")
  }

  @Test("fits as a table into 80 columns, and says what came only where it is not what was expected")
  func table() {
    #expect(SandboxSummary.table(whole.rows).allSatisfy { !$0.text.contains("came") })
    var board = whole
    board.take(sighting("success", .failed(String(repeating: "x", count: 300))))
    let lines = SandboxSummary.table(board.rows).map(\.text)
    #expect(lines.filter { $0.contains("came: ") }.count == 2 && lines[1].hasSuffix("  NO"))
    for line in lines { #expect(line.columnCount <= 80, "\(line)") }
  }

  @Test("counts an outcome that came twice, and one where none was expected")
  func twice() {
    for sample in samples {
      var board = whole
      board.take(sighting(sample.name, sample.expected.first ?? .failed("adapter_rejected")))
      let different = board.judged { _ in 1 }.filter { !$0.isAsExpected }.map(\.sample.name)
      #expect(different == [sample.name])
    }
  }

  @Test("counts a call that no outcome tells of against the duplicate")
  func untold() {
    let rows = whole.judged { $0 == 42 ? 2 : 1 }.filter { !$0.isAsExpected }
    #expect(rows.map(\.sample.name) == ["duplicate"])
    #expect(rows.first?.came == [.untoldCalls(1)])
  }

  @Test("holds calls of others for a sample's user against nobody: told by their outcomes, or made after the judgement")
  func others() {
    var board = whole
    board.take(Sighting(request: "mine", sight: .failed("adapter_rejected"), userId: 42, attempts: 2))
    board.judge { $0 == 42 ? 3 : 1 }
    board.judge { _ in 9 }
    let different = board.rows.filter { !$0.isAsExpected }
    #expect(different.isEmpty)
  }

  @Test("sees a moved sample's home elsewhere than where it was sent", arguments: [2, 3, 4, 12] as [Int32])
  func foreign(count: Int32) {
    for sample in Sample.all(partitionCount: count) {
      guard let userId = sample.userId else { continue }
      let isHome = sample.record.partition == HomePartition.of(userId: userId, partitionCount: count)
      #expect(isHome == (sample.name != "moved"))
    }
  }

  @Test("takes a token for good only where it grants what its event says")
  func grants() {
    let data = #""userId":42,"brokerNames":["b"],"ctidTraderAccountIds":[7],"token":"secret-token","attempts":1"#
    let event =
      #"{"type":"link-account.token-ready.v1","data":{"requestId":"success","requestSource":"/sandbox",\#(data)}}"#
    let record = SourceRecord(
      partition: 0, offset: 0, timestamp: Timestamp(milliseconds: 0), key: nil, value: Array(event.utf8))
    let good = TokenClaims(
      userId: 42, brokerNames: ["b"], accounts: .some([7]), isVerified: nil, issuedAt: Timestamp(milliseconds: 0),
      expiresAt: Timestamp(milliseconds: 1), id: "1")
    func grant(_ claims: TokenClaims?) -> Sight { Sighting(outcome: record) { _ in claims }.sight }
    #expect(grant(good) == .tokenReady(grant: .init(userId: 42, accounts: .some([7])), attempts: 1))
    var claims: [TokenClaims?] = [good, good, good, nil]
    claims[0]?.userId = 43
    claims[1]?.accounts = .all
    claims[2]?.brokerNames = ["b", "c"]
    for claims in claims { #expect(grant(claims) == .tokenReady(grant: nil, attempts: 1)) }
  }
}
