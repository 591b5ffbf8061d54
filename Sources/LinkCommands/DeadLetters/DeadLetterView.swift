import LinkCore
import LinkOps

/// What is told of one record of the dead-letter topic. Pure.
struct DeadLetterView {
  /// The record.
  let record: SourceRecord
  /// What could be read of it; nil where no worker wrote it.
  let letter: DeadLetterRecord?
  /// Whom it is about, as far as that can be read.
  let subject: AuditSubject

  /// Bytes of a value that are shown to people.
  private static let shownByteLimit = 4096

  init(_ record: SourceRecord, topic: String, eventByteLimit: Int) {
    self.record = record
    letter = DeadLetterRecord(record, topic: topic)
    // What was too large, and may have been cut to less, can tell who asked all the same.
    let reader = AuditSubjectReader(role: .requests, eventByteLimit: max(eventByteLimit, record.size))
    subject = reader.subject(of: letter?.original(of: record) ?? record)
  }

  /// What stands above the lines of a list.
  static let heading = line("PLACE", "PUT ASIDE", "REASON", "REQUEST", "ABOUT")

  /// One line of a list.
  var line: String {
    guard let letter else {
      return Self.line(place, record.timestamp.rfc3339, "-", "-", "no worker has written this record")
    }
    let source = letter.provenance.place
    return Self.line(
      place, record.timestamp.rfc3339, letter.provenance.reason.rawValue, "\(source.partition)/\(source.offset)", about)
  }

  private static func line(_ place: String, _ time: String, _ reason: String, _ request: String, _ about: String)
    -> String
  {
    func padded(_ text: String, _ width: Int) -> String {
      text + String(repeating: " ", count: max(0, width - text.utf8.count)) + "  "
    }
    return padded(place, 12) + padded(time, 24) + padded(reason, 14) + padded(request, 12) + about
  }

  private var place: String { "\(record.partition)/\(record.offset)" }

  /// Who asked, then what is wrong.
  private var about: String {
    let message = LogText.escaped(letter?.message ?? "")
    return who.isEmpty ? message : "\(who): \(message)"
  }

  private var who: String {
    var parts: [String] = []
    if let userID = subject.userID { parts.append("user \(userID)") }
    if let key = subject.idempotencyKey { parts.append("key \(quoted(key.string))") }
    if let id = subject.requestID { parts.append("request \(quoted(id.string))") }
    if let source = subject.requestSource { parts.append("from \(quoted(source.string))") }
    return parts.joined(separator: ", ")
  }

  /// All of it, for people.
  func text(now: Timestamp) -> [String] {
    let age = (now - record.timestamp).forPeople
    var lines = [Self.entry("place", "\(place), put aside at \(record.timestamp.rfc3339), \(age) ago")]
    if let letter {
      let (source, provenance) = (letter.provenance.place, letter.provenance)
      lines.append(Self.entry("reason", "\(provenance.reason.rawValue): \(LogText.escaped(letter.message))"))
      lines.append(
        Self.entry(
          "request", "\(LogText.escaped(source.topic)), partition \(source.partition), offset \(source.offset)"))
      lines.append(
        Self.entry(
          "by",
          "group \(LogText.escaped(provenance.groupID)), instance \(LogText.escaped(letter.instanceID)), stage \(LogText.escaped(letter.stage))"
        ))
      if let cut = letter.cut.sentence { lines.append(Self.entry("cut", cut)) }
    } else {
      lines.append(Self.entry("reason", "none: no worker has written this record"))
    }
    if !who.isEmpty { lines.append(Self.entry("about", who)) }
    lines.append(Self.entry("key", Self.short(record.key)))
    for (index, header) in headers.enumerated() {
      let name = LogText.escaped(String(decoding: header.name, as: UTF8.self))
      lines.append(Self.entry(index == 0 ? "headers" : "", "\(name): \(Self.short(header.value))"))
    }
    return lines + valueLines
  }

  /// The record's own headers, or all of what no worker wrote.
  private var headers: [Header] { letter?.headers ?? record.headers }

  private var valueLines: [String] {
    guard let value = record.value else { return [Self.entry("value", "none")] }
    let shown = Array(value.prefix(Self.shownByteLimit))
    let rest = value.count - shown.count
    let text = Text(utf8: value) == nil ? nil : String(decoding: shown, as: UTF8.self)
    var lines = [
      Self.entry(
        "value", "\(value.count) bytes, \(text == nil ? "not UTF-8" : "UTF-8")\(rest > 0 ? "; --raw writes all" : "")")
    ]
    // Line ends of a text are its own; whatever else steers a terminal is escaped.
    lines +=
      text.map {
        $0.split(separator: "\n", omittingEmptySubsequences: false).map { CommandFailure.Line.inOneLine(String($0)) }
      }
      ?? HexLines.of(shown)
    if rest > 0 { lines.append("… and \(rest) bytes more") }
    return lines
  }

  private static func entry(_ word: String, _ text: String) -> String {
    word + String(repeating: " ", count: max(0, 9 - word.count)) + text
  }

  private static func short(_ bytes: [UInt8]?) -> String {
    guard let bytes else { return "none" }
    guard let text = Text(utf8: bytes) else {
      return "0x" + HexLines.digits(bytes.prefix(256)) + (bytes.count > 256 ? "…" : "")
    }
    return LogText.escaped(text.string)
  }

  /// For programs: what the list says, and with `isWhole` key, headers and value besides.
  func json(isWhole: Bool) -> JSONWriter {
    var json = JSONWriter(capacity: isWhole ? 1024 + record.size : 512)
    json.beginObject()
    json.count("partition", Int(record.partition))
    json.member("offset", record.offset)
    json.member("timestamp", record.timestamp)
    if let letter {
      json.member("reason", letter.provenance.reason.rawValue)
      json.member("message", letter.message)
      json.member("requestTopic", letter.provenance.place.topic)
      json.count("requestPartition", Int(letter.provenance.place.partition))
      json.member("requestOffset", letter.provenance.place.offset)
      json.member("group", letter.provenance.groupID)
      json.member("instance", letter.instanceID)
      json.member("stage", letter.stage)
      json.member("cutFrom", letter.cut.valueByteCount.map { Int64($0) })
      json.member("cutFromHeaders", letter.cut.headerCount.map { Int64($0) })
      json.member("cutFromKey", letter.cut.keyByteCount.map { Int64($0) })
    }
    json.member("userId", subject.userID)
    json.member("idempotencyKey", subject.idempotencyKey)
    json.member("requestId", subject.requestID)
    json.member("requestSource", subject.requestSource)
    if isWhole { writeContent(to: &json) }
    json.endObject()
    return json
  }

  /// Bytes that are not UTF-8 are told in hexadecimal digits, under another name.
  private func writeContent(to json: inout JSONWriter) {
    if let key = record.key {
      if let text = Text(utf8: key) { json.member("key", text) } else { json.member("keyHex", HexLines.digits(key)) }
    }
    json.objects("headers", headers) { json, header in
      json.member("name", String(decoding: header.name, as: UTF8.self))
      guard let value = header.value else { return }
      if let text = Text(utf8: value) {
        json.member("value", text)
      } else {
        json.member("valueHex", HexLines.digits(value))
      }
    }
    guard let value = record.value else { return }
    if let text = Text(utf8: value) {
      json.member("value", text)
    } else {
      json.member("valueHex", HexLines.digits(value))
    }
  }
}

extension DeadLetterRecord.Cut {
  /// What was cut; nil where nothing was.
  var sentence: String? {
    var parts: [String] = []
    if let valueByteCount { parts.append("the value, which had \(valueByteCount) bytes") }
    if let headerCount { parts.append("headers, of which there were \(headerCount)") }
    if let keyByteCount { parts.append("the key, which had \(keyByteCount) bytes") }
    return parts.isEmpty ? nil : parts.joined(separator: "; ")
  }
}
