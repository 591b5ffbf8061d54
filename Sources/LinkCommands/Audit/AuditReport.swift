import LinkCore
import LinkOps

/// What `audit` says: one line for each finding that is told, then what was counted.
struct AuditReport {
  /// The names of the topics.
  var topics: WorkerSettings.Topics
  /// What was counted.
  var totals: AuditTotals
  /// The findings that are told.
  var findings: [AuditFinding]
  /// How many there are of each kind.
  var counts: [AuditFindingKind: Int]
  /// Whether the offsets were said to have been set back.
  var isAfterReset: Bool

  private var count: Int { counts.values.reduce(0, +) }

  /// For people.
  var text: [String] {
    var lines = findings.map(line)
    if count > findings.count {
      lines.append("\(count - findings.count) more findings are not told. Try: --limit \(count)")
    }
    for kind in AuditFindingKind.allCases {
      if let count = counts[kind] { lines.append("\(kind.rawValue): \(count) (\(kind.promise))") }
    }
    lines.append(
      "requests: \(totals.requests), of which \(totals.duplicates) duplicates, \(totals.moved) moved home, \(totals.skipped) skipped, "
        + "\(totals.unsettled) unsettled")
    lines.append(
      "links: \(totals.links), of which \(totals.waiting) wait; replay requests accepted: \(totals.replays)")
    lines.append(
      "outcomes: \(totals.tokens) token-ready, \(totals.failures) failed, \(totals.refusals) refused; dead letters: "
        + "\(totals.deadLetters)")
    if totals.beyondRetention > 0 { lines.append("beyond retention, not judged: \(totals.beyondRetention)") }
    if isAfterReset { lines.append("there again after the offsets were set back: \(totals.repeated)") }
    if totals.foreign > 0 { lines.append("of other groups, not judged: \(totals.foreign)") }
    lines.append(
      count == 0
        ? "clean: every settled request has exactly one end, and every link at most one outcome a replay number"
        : "findings: \(count)")
    return lines
  }

  /// For programs: an object for each finding, then the summary.
  var json: [JSONWriter] { findings.map(object) + [summary] }

  /// `KIND: partition 3, offset 128 of TOPIC: user 14601, key "k", request "a" of "/b": MEANING`
  private func line(_ finding: AuditFinding) -> String {
    let subject = finding.subject
    var place = "partition \(finding.partition)"
    if let offset = finding.offset { place += ", offset \(offset)" }
    var who: [String] = []
    if let userID = subject.userID { who.append("user \(userID)") }
    if let key = subject.idempotencyKey { who.append("key \(quoted(key.string))") }
    if let id = subject.requestID { who.append("request \(quoted(id.string))") }
    if let source = subject.requestSource { who.append("from \(quoted(source.string))") }
    let about = who.isEmpty ? "" : who.joined(separator: ", ") + ": "
    return "\(finding.kind.rawValue): \(place) of \(topics[finding.topic]): \(about)\(finding.kind.meaning)"
  }

  private func object(_ finding: AuditFinding) -> JSONWriter {
    var json = JSONWriter(capacity: 512)
    let text = { (json: inout JSONWriter, name: StaticString, text: Text?) in
      guard let text else { return }
      json.name(name)
      json.string(text)
    }
    json.beginObject()
    text(&json, "finding", Text(finding.kind.rawValue))
    text(&json, "promise", Text(finding.kind.promise))
    text(&json, "topic", Text(topics[finding.topic]))
    json.count("partition", Int(finding.partition))
    if let offset = finding.offset { json.count("offset", Int(offset)) }
    if let userID = finding.subject.userID { json.count("userId", Int(userID)) }
    text(&json, "idempotencyKey", finding.subject.idempotencyKey)
    text(&json, "requestId", finding.subject.requestID)
    text(&json, "requestSource", finding.subject.requestSource)
    text(&json, "meaning", Text(finding.kind.meaning))
    json.endObject()
    return json
  }

  private var summary: JSONWriter {
    var json = JSONWriter(capacity: 512)
    json.beginObject()
    json.name("summary")
    json.beginObject()
    json.name("clean")
    json.boolean(count == 0)
    json.count("findings", count)
    json.name("kinds")
    json.beginArray()
    for kind in AuditFindingKind.allCases {
      guard let count = counts[kind] else { continue }
      json.beginObject()
      json.name("finding")
      json.string(kind.rawValue)
      json.count("count", count)
      json.endObject()
    }
    json.endArray()
    for (name, value) in totals.named { json.count(name, value) }
    json.endObject()
    json.endObject()
    return json
  }
}

extension AuditTotals {
  /// What was counted, by name.
  fileprivate var named: [(StaticString, Int)] {
    [
      ("requests", requests), ("unsettled", unsettled), ("links", links), ("waiting", waiting), ("tokens", tokens),
      ("failures", failures), ("refusals", refusals), ("deadLetters", deadLetters), ("duplicates", duplicates),
      ("moved", moved), ("replays", replays), ("skipped", skipped), ("beyondRetention", beyondRetention),
      ("repeated", repeated), ("foreign", foreign),
    ]
  }
}
