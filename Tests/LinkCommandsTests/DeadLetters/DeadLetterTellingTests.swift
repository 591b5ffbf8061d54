import LinkCore
import LinkCrypto
import Testing

@testable import LinkCommands

@Suite("What is told of dead letters, and which are sent again")
struct DeadLetterTellingTests {
  private static let request =
    #"{"specversion":"1.0","id":"r-1","source":"/client-area","type":"link-account.requested.v1","data":"#
    + #"{"userId":7,"brokerNames":["northwind"],"allAccounts":true,"idempotencyKey":"k"}}"#

  private static func letter(
    _ value: String = request, _ reason: Malformation.Reason = .unknownType, headers: [Header] = [], limit: Int = 10_000
  ) -> SourceRecord {
    let source = SourceRecord(
      partition: 3, offset: 128, timestamp: Timestamp(milliseconds: 0), key: Array("7".utf8), value: Array(value.utf8),
      headers: [Header("content-type", "application/cloudevents+json")] + headers)
    let writer = EventWriter(
      groupID: "links", instanceID: "w-1", requestsTopic: "requests", sha256: sha256, deadLetterMaxBytes: limit)
    let outgoing = writer.deadLetter(record: source, fault: Malformation(reason, at: "/type", "It is not served."))
    return SourceRecord(
      partition: 0, offset: 9, timestamp: Timestamp(milliseconds: 1_000), key: outgoing.key, value: outgoing.value,
      headers: outgoing.headers)
  }

  private static func parsed(_ record: SourceRecord) -> DeadLetterRecord? {
    DeadLetterRecord(record, topic: "dead-letters")
  }

  private static let check = RepetitionCheck(
    eventByteLimit: 65_536, requestsTopic: "requests", partitionCount: 12, groupID: "links")

  private func why(_ record: SourceRecord, _ check: RepetitionCheck = Self.check) -> String {
    switch check.judge(Self.parsed(record)) {
    case .refused(let why): why
    case .foreign(let why): "foreign: \(why)"
    case .send: "sent"
    }
  }

  @Test("A repetition has the record's own headers and where it comes from, and goes to the user's home")
  func repetition() throws {
    let moved = Header("linkworker.moved-from", "requests/1/2")
    let record = Self.letter(headers: [moved])
    guard case .send(let outgoing) = Self.check.judge(Self.parsed(record)) else {
      throw Malformation(.notJSON, "refused")
    }
    #expect(outgoing.partition == HomePartition.of(userId: 7, partitionCount: 12) && outgoing.topic == .requests)
    #expect(outgoing.value == Array(Self.request.utf8) && outgoing.key == Array("7".utf8))
    #expect(
      outgoing.headers == [
        Header("content-type", "application/cloudevents+json"),
        Header("linkworker.resubmitted-from", "dead-letters/0/9"),
        Header("linkworker.dead-lettered-from", "requests/3/128"),
      ])
  }

  @Test("A record that was a dead letter before keeps the headers that it had then")
  func twice() throws {
    let old = Header("__connect.errors.topic", "elsewhere")
    let letter = try #require(Self.parsed(Self.letter(headers: [old, Header("linkworker.cut-from", "1")])))
    #expect(letter.headers.count == 3 && letter.headers[1] == old)
    #expect(letter.provenance.place.topic == "requests" && letter.cut.sentence == nil)
  }

  @Test(
    "What would be put aside again, was cut, is too old or is no worker's is refused, and --force sends what it can")
  func refusals() {
    #expect(why(Self.letter()) == "sent")
    #expect(why(Self.letter("{", .notJSON)).hasPrefix("it would be put aside again: not_json"))
    #expect(why(Self.letter(Self.request, .expired)).contains("--force asks for it anew"))
    let long = Self.letter(Self.request + String(repeating: " ", count: 2_000), .tooLarge, limit: 1_000)
    #expect(why(long).contains("--value-file"))
    #expect(
      why(Self.letter(headers: [Header("x", String(repeating: "y", count: 2_000))], limit: 1_000)).contains(
        "headers were cut"))
    var other = Self.check
    other.groupID = "others"
    #expect(why(Self.letter(), other).hasPrefix("foreign: it is of group \"links\""))
    let stray = SourceRecord(
      partition: 0, offset: 1, timestamp: Timestamp(milliseconds: 0), key: nil, value: nil, headers: [])
    #expect(why(stray) == "no worker has written this record")
    var forced = Self.check
    forced.isForced = true
    #expect(
      why(Self.letter("{", .notJSON), forced) == "sent" && why(Self.letter(Self.request, .expired), forced) == "sent")
    #expect(why(long, forced).contains("--value-file"))
    var mended = Self.check
    mended.value = Array(Self.request.utf8)
    #expect(why(long, mended) == "sent" && why(Self.letter("{", .notJSON), mended) == "sent")
  }

  @Test("A list has place, time, reason, origin, and whom it is about")
  func line() {
    let view = DeadLetterView(Self.letter(), topic: "dead-letters", eventByteLimit: 65_536)
    #expect(
      view.line
        == #"0/9           1970-01-01T00:00:01.000Z  unknown_type    3/128         user 7, key "k", request "r-1", from "/client-area": /type: It is not served."#
    )
    #expect(
      DeadLetterView.heading.hasPrefix("PLACE         PUT ASIDE                 REASON          REQUEST       ABOUT"))
    #expect(HexLines.of([0xFF, 0x41]) == ["00000000  ff 41" + String(repeating: " ", count: 44) + ".A"])
  }

  @Test("A dead letter that Kafka has again already is not sent once more, and those of others are counted")
  func plan() {
    var plan = ResubmissionPlan()
    let record = Self.letter()
    plan.take(record, Self.parsed(record))
    #expect(plan.phrase == "1 dead letter (1 unknown_type)")
    var repetition = record
    repetition.headers = [Header("linkworker.resubmitted-from", "other/0/9")]
    plan.take(request: repetition, deadLetterTopic: "dead-letters")
    #expect(plan.toSend.count == 1)
    repetition.headers = [Header("linkworker.resubmitted-from", "dead-letters/0/9")]
    plan.take(request: repetition, deadLetterTopic: "dead-letters")
    #expect(plan.toSend.isEmpty && plan.alreadySent.count == 1 && plan.phrase == "0 dead letters")
    plan.passOver()
    #expect(plan.passedOverCount == 1)
  }

  @Test("More dead letters than one call may have are known as soon as there is one too many")
  func tooMany() {
    var plan = ResubmissionPlan(limit: 1)
    var record = Self.letter()
    plan.take(record, Self.parsed(record))
    #expect(!plan.isTooLarge)
    record.offset += 1
    plan.take(record, Self.parsed(record))
    #expect(plan.isTooLarge)
  }
}
