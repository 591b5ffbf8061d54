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
    lines += Self.table(
      "by user", Self.sorted(plan.users) { $0 }.map { (String($0.name), $0.count) }, limit: Self.rowLimit)
    lines += Self.table("by broker", Self.sorted(plan.brokers) { quoted($0.string) }, limit: Self.rowLimit)
    lines += obstacles.map {
      "\(plan.isNamed ? "would be refused" : "left out"): \(Self.links($0.count)), \(words($0.obstacle))"
    }
    if plan.sentCount > 0 { lines.append("asked for by this job already: \(Self.links(plan.sentCount))") }
    return lines
  }

  /// What is left out because the worker would refuse it, in words; nil where that is nothing.
  var leftOut: CommandFailure.Line? {
    guard plan.leftOutCount > 0 else { return nil }
    let canForce = plan.refused[.overLimit] != nil
    return .init(
      "replay", "",
      "\(Self.links(plan.leftOutCount)) left out: \(obstaclePhrase)",
      hint: canForce ? Self.force : "a request with another idempotency key")
  }

  /// What the worker will refuse of links that were named, in words; nil where that is nothing.
  var refusal: CommandFailure.Line? {
    guard plan.isNamed, !plan.refused.isEmpty else { return nil }
    return .init(
      "replay", "", "would be refused: \(obstaclePhrase)",
      hint: plan.refused[.overLimit] != nil ? Self.force : "--watch, which tells what the worker says of each")
  }

  private static let force = "--force, where a further replay of them is meant"

  /// The first line of a job that is sent: one line, whatever its reason has in it.
  static func announcement(of job: String, _ count: Int, _ command: String) -> String {
    "job \(job): \(links(count)); after an interruption it goes on with: \(CommandFailure.Line.inOneLine(command))"
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
    json.objects("codes", Self.sorted(plan.codes) { $0.rawValue }) { json, row in
      json.member("code", row.name)
      json.count("links", row.count)
    }
    json.count("userCount", plan.users.count)
    json.objects("users", Self.sorted(plan.users) { $0 }.prefix(Self.rowLimit)) { json, row in
      json.member("userId", row.name)
      json.count("links", row.count)
    }
    json.count("brokerCount", plan.brokers.count)
    json.objects("brokers", Self.sorted(plan.brokers) { $0.string }.prefix(Self.rowLimit)) { json, row in
      json.member("broker", row.name)
      json.count("links", row.count)
    }
    json.objects("refused", obstacles) { json, row in
      json.member("why", row.obstacle.rawValue)
      json.count("links", row.count)
    }
    json.count("sentBefore", plan.sentCount)
    json.endObject()
    json.endObject()
    return json
  }

  private var obstacles: [(obstacle: ReplayCandidate.Obstacle, count: Int)] {
    ReplayCandidate.Obstacle.allCases.compactMap { obstacle in plan.refused[obstacle].map { (obstacle, $0) } }
  }

  /// `1 link, not known; 2 links, succeeded already`
  private var obstaclePhrase: String {
    obstacles.map { "\(Self.links($0.count)), \(words($0.obstacle))" }.joined(separator: "; ")
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
  private static func sorted<Key, Name: Comparable>(
    _ counts: [Key: Int], name: (Key) -> Name
  ) -> [(name: Name, count: Int)] {
    counts.map { (name: name($0.key), count: $0.value) }.sorted { (-$0.count, $0.name) < (-$1.count, $1.name) }
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
