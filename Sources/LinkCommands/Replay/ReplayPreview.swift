import LinkCore
import LinkOps

/// What a plan would do, as `--dry-run` and the question before it tell it. Pure.
struct ReplayPreview {
  let plan: ReplayPlan
  /// `replay.limit`.
  let limit: Int

  /// Users and brokers that are told one by one.
  static let rowLimit = 10

  /// `12 links (deadline_exceeded 10, attempts_exhausted 2)`
  var phrase: String {
    let codes = Self.sorted(plan.codes) { $0.rawValue }.map { "\($0.name) \(ProgressMeter.grouped($0.count))" }
    return Self.links(plan.count) + (codes.isEmpty ? "" : " (\(codes.joined(separator: ", ")))")
  }

  /// The lines of `--dry-run`.
  var text: [String] {
    var lines = ["would be replayed: \(Self.links(plan.count))"]
    lines += Self.table("by code", Self.sorted(plan.codes) { $0.rawValue }, limit: .max)
    lines += Self.table("by user", Self.sorted(plan.users) { String($0) }, limit: Self.rowLimit)
    lines += Self.table("by broker", Self.sorted(plan.brokers) { quoted($0.string) }, limit: Self.rowLimit)
    lines += obstacles.map {
      "\(plan.isNamed ? "would be refused" : "left out"): \(Self.links($0.count)), \(words($0.obstacle))"
    }
    if plan.sentCount > 0 { lines.append("asked for by this job already: \(Self.links(plan.sentCount))") }
    return lines
  }

  /// What the worker would refuse, in words; nil where that is nothing.
  var leftOut: CommandFailure.Line? {
    guard plan.leftOutCount > 0 else { return nil }
    let canForce = plan.refused[.overLimit] != nil
    return .init(
      "replay", "",
      "\(Self.links(plan.leftOutCount)) left out: "
        + obstacles.map { "\(Self.links($0.count)), \(words($0.obstacle))" }.joined(separator: "; "),
      hint: canForce ? "--force, where a further replay of them is meant" : "a request with another idempotency key")
  }

  /// What to say where nothing is to be asked for.
  var nothingText: String {
    "no failed link to replay"
      + (plan.sentCount > 0 ? ": this job has asked for \(Self.links(plan.sentCount)) already" : "")
  }

  /// The same as the summary that a job has at its end.
  var nothing: JSONWriter {
    var json = JSONWriter()
    json.beginObject()
    json.name("summary")
    json.beginObject()
    json.count("links", 0)
    json.count("sentBefore", plan.sentCount)
    json.endObject()
    json.endObject()
    return json
  }

  /// The object of `--dry-run --json`.
  var json: JSONWriter {
    var json = JSONWriter()
    json.beginObject()
    json.name("dryRun")
    json.beginObject()
    json.count("links", plan.count)
    json.list("codes", Self.sorted(plan.codes) { $0.rawValue }.map { row in ("code", row.name, row.count) })
    json.count("userCount", plan.users.count)
    json.name("users")
    json.beginArray()
    for (user, count) in plan.users.sorted(by: { (-$0.value, $0.key) < (-$1.value, $1.key) }).prefix(Self.rowLimit) {
      json.beginObject()
      json.name("userId")
      json.integer(user)
      json.count("links", count)
      json.endObject()
    }
    json.endArray()
    json.count("brokerCount", plan.brokers.count)
    json.list(
      "brokers", Self.sorted(plan.brokers) { $0.string }.prefix(Self.rowLimit).map { ("broker", $0.name, $0.count) })
    json.list("refused", obstacles.map { ("why", $0.obstacle.rawValue, $0.count) })
    json.count("sentBefore", plan.sentCount)
    json.endObject()
    json.endObject()
    return json
  }

  private var obstacles: [(obstacle: ReplayCandidate.Obstacle, count: Int)] {
    ReplayCandidate.Obstacle.allCases.compactMap { obstacle in plan.refused[obstacle].map { (obstacle, $0) } }
  }

  private func words(_ obstacle: ReplayCandidate.Obstacle) -> String {
    switch obstacle {
    case .unknown: "not known"
    case .succeeded: "succeeded already"
    case .waiting: "waiting for the next attempt"
    case .overLimit: "over replay.limit (\(limit))"
    case .full: "replayed \(Link.replayLimit) times, which is all that a link can be"
    }
  }

  /// `1 link`, `12 links`
  static func links(_ count: Int) -> String { "\(ProgressMeter.grouped(count)) \(count == 1 ? "link" : "links")" }

  /// The most frequent first, then by name.
  private static func sorted<Key: Comparable>(
    _ counts: [Key: Int], name: (Key) -> String
  ) -> [(name: String, count: Int)] {
    counts.sorted { (-$0.value, $0.key) < (-$1.value, $1.key) }.map { (name($0.key), $0.value) }
  }

  private static func sorted(
    _ counts: [FailureCode: Int], name: (FailureCode) -> String
  ) -> [(name: String, count: Int)] {
    sorted(Dictionary(uniqueKeysWithValues: counts.map { (name($0.key), $0.value) })) { $0 }
  }

  private static func table(_ title: String, _ rows: [(name: String, count: Int)], limit: Int) -> [String] {
    guard !rows.isEmpty else { return [] }
    let shown = rows.prefix(limit)
    let head = shown.count < rows.count ? "\(title), \(shown.count) of \(ProgressMeter.grouped(rows.count))" : title
    let width = shown.map(\.name.count).max() ?? 0
    return ["  \(head)"]
      + shown.map { row in
        "    \(row.name)\(String(repeating: " ", count: width - row.name.count))  \(ProgressMeter.grouped(row.count))"
      }
  }
}

extension JSONWriter {
  /// A list of objects, each with a name and how many links it has.
  fileprivate mutating func list(_ name: StaticString, _ rows: [(field: StaticString, name: String, count: Int)]) {
    self.name(name)
    beginArray()
    for row in rows {
      beginObject()
      self.name(row.field)
      string(row.name)
      count("links", row.count)
      endObject()
    }
    endArray()
  }
}
