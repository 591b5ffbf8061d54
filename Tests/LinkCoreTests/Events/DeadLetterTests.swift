import LinkCore
import LinkCrypto
import Testing

@Suite("Dead letters and moved requests")
struct DeadLetterTests {
  private func writer(limit: Int = 1_000_000) -> EventWriter {
    EventWriter(
      groupID: "workers", instanceID: "worker-1", requestsTopic: "link-account.requests", sha256: sha256,
      deadLetterMaxBytes: limit)
  }
  private let fault = Malformation(.invalidData, at: "/data/userId", "The field is missing.")

  @Test("A dead letter is the record as it was, with Kafka Connect's headers behind its own")
  func keepsTheRecord() {
    let own = [Header("b", "1"), Header(name: [0xFF], value: nil), Header("a", "2"), Header("b", "3")]
    let letter = writer().deadLetter(record: Sample.record([0xFF, 0x00], headers: own), fault: fault)
    #expect(letter.topic == .deadLetters)
    #expect(letter.partition == nil)
    #expect(letter.timestamp == nil)
    #expect(letter.key == Array("14601".utf8))
    #expect(letter.value == [0xFF, 0x00])
    #expect(
      letter.headers == own + [
        Header("__connect.errors.topic", "link-account.requests"), Header("__connect.errors.partition", "3"),
        Header("__connect.errors.offset", "128"), Header("__connect.errors.connector.name", "workers"),
        Header("__connect.errors.task.id", "worker-1"), Header("__connect.errors.stage", "TRANSFORMATION"),
        Header("__connect.errors.exception.class.name", "invalid_data"),
        Header("__connect.errors.exception.message", "/data/userId: The field is missing."),
      ])
    #expect(writer().deadLetter(record: Sample.record(nil as [UInt8]?, key: nil), fault: fault).value == nil)
  }

  @Test("What does not fit is cut to the limit, the value first, and its length is told")
  func cutsTheValue() {
    let value = [UInt8](repeating: 0x61, count: 5_000)
    let letter = writer(limit: 2_000).deadLetter(record: Sample.record(value), fault: fault)
    #expect(size(letter) <= 2_000)
    #expect(size(letter) > 1_850)
    #expect(letter.key == Array("14601".utf8))
    #expect(letter.headers.first == Sample.structured)
    #expect(header(letter, "linkworker.cut-from") == "5000")
    #expect(header(letter, "linkworker.cut-from.headers") == nil)
    #expect(
      header(writer(limit: 20_000).deadLetter(record: Sample.record(value), fault: fault), "linkworker.cut-from") == nil
    )
  }

  @Test("Headers and a key that are too large are cut as well, the largest header first")
  func cutsHeadersAndKey() {
    let own = [Header("small", "1"), Header("huge", String(repeating: "h", count: 50_000)), Header("other", "2")]
    let letter = writer(limit: 2_000).deadLetter(record: Sample.record("value", headers: own), fault: fault)
    #expect(size(letter) <= 2_000)
    #expect(letter.headers.prefix(2) == [own[0], own[2]])
    #expect(header(letter, "linkworker.cut-from.headers") == "3")
    let key = String(repeating: "k", count: 9_000)
    let keyed = writer(limit: 2_000).deadLetter(record: Sample.record("value", headers: own, key: key), fault: fault)
    #expect(size(keyed) <= 2_000)
    #expect(size(keyed) > 1_850)
    #expect(header(keyed, "linkworker.cut-from.key") == "9000")
    let many = (0..<20_000).map { Header("name", "\($0)") }
    #expect(size(writer(limit: 2_000).deadLetter(record: Sample.record("value", headers: many), fault: fault)) <= 2_000)
  }

  @Test("A moved request keeps value, headers and timestamp, and says from where it came, whatever it said before")
  func movesRequests() {
    let forged = [
      Header("linkworker.moved-from", "forged"), Sample.structured, Header("linkworker.moved-from", "twice"),
    ]
    let record = Sample.record(Sample.event(), headers: forged, key: nil)
    let moved = writer().moved(record: record, userId: 14601, home: 7)
    #expect(
      moved
        == OutgoingRecord(
          topic: .requests, partition: 7, key: Array("14601".utf8), value: record.value,
          headers: [Sample.structured, Header("linkworker.moved-from", "link-account.requests/3/128")],
          timestamp: record.timestamp))
  }

  /// What the record takes in a batch of Kafka's format v2, counted exactly.
  private func size(_ record: OutgoingRecord) -> Int {
    func varint(_ value: Int) -> Int {
      var rest = UInt64(bitPattern: Int64(value) << 1)
      var count = 1
      while rest > 127 {
        rest >>= 7
        count += 1
      }
      return count
    }
    func field(_ bytes: [UInt8]?) -> Int { (bytes?.count ?? 0) + varint(bytes?.count ?? 0) }
    let headers = record.headers.reduce(varint(record.headers.count)) { $0 + field($1.name) + field($1.value) }
    let body = 3 + field(record.key) + field(record.value) + headers
    return 61 + varint(body) + body
  }

  private func header(_ record: OutgoingRecord, _ name: String) -> String? {
    record.headers.first { $0.name == Array(name.utf8) }?.value.map { String(decoding: $0, as: UTF8.self) }
  }
}
