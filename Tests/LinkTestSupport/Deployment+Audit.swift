public import LinkCore

extension Deployment {
  /// Runs `linkworker audit` over its topics.
  ///
  /// - Parameters:
  ///   - isAfterReset: Whether the group's offsets were set back: then refusals, dead letters and moves may be there again.
  ///   - more: Settings that win over the deployment's.
  /// - Throws: `Missing` where it ended otherwise than with 0 or 1, or contradicts itself.
  public func audit(
    isAfterReset: Bool = false, with more: [String: String] = [:], within seconds: Double = 300
  ) throws -> AuditReport {
    let flags = isAfterReset ? ["--after-reset"] : []
    return try AuditReport(try run(["audit", "--json", "--limit", "1000"] + flags, with: more, within: seconds))
  }
}

/// What `linkworker audit --json` said.
public struct AuditReport: Sendable, CustomStringConvertible {
  /// A finding.
  public struct Finding: Hashable, Sendable {
    /// As in `request_lost`.
    public var kind: String
    /// The topic of the record that it names.
    public var topic: String
    /// The record's place; no offset where it is about a committed offset that is missing.
    public var partition: Int64
    /// See `partition`.
    public var offset: Int64?
    /// Whom the record is about, as far as it says so.
    public var userID: Int64?
    /// See `userID`.
    public var idempotencyKey: String?
    /// See `userID`.
    public var requestID: String?
  }

  /// The findings that were told, at most 1000.
  public var findings: [Finding]
  /// How many there are in all.
  public var count: Int64
  /// How many of each kind.
  public var kinds: [String: Int64] {
    let kinds = summary["kinds"]?.children.map { ($0["finding"]?.text?.string ?? "?", $0["count"]?.integer ?? 0) } ?? []
    return Dictionary(kinds) { $0 + $1 }
  }
  /// The whole summary.
  public var summary: JSONValue

  /// Reads what a run said; throws `Missing` where it ended otherwise than with 0 or 1, or contradicts itself.
  public init(_ outcome: RunningProgram.Outcome) throws {
    let lines = try outcome.output.split(separator: UInt8(ascii: "\n")).map { try JSONValue(parsing: Array($0)) }
    guard outcome.code == 0 || outcome.code == 1, let summary = lines.last?["summary"],
      let count = summary["findings"]?.integer
    else { throw Missing("An audit: it ended with \(outcome.code). \(outcome.outputText)\(outcome.errorText)") }
    findings = try lines.dropLast().map { try Finding($0) }
    self.count = count
    self.summary = summary
    guard (outcome.code == 0) == isClean, (count == 0) == isClean, count >= findings.count else {
      throw Missing("An audit that agrees with itself: exit code \(outcome.code), \(outcome.outputText)")
    }
  }

  /// Whether it found nothing.
  public var isClean: Bool { summary["clean"]?.boolean == true }

  /// A figure of the summary, as in `requests` or `unsettled`.
  public func total(_ name: StaticString) -> Int64? { summary[name]?.integer }

  /// The summary, and the first findings: for the message of a test.
  public var description: String {
    let told = findings.prefix(20).map { finding in
      "\n\(finding.kind) \(finding.topic)/\(finding.partition)/\(finding.offset.map(String.init) ?? "-") "
        + "\(finding.userID.map(String.init) ?? "?")/\(finding.idempotencyKey ?? "?") \(finding.requestID ?? "?")"
    }
    return String(decoding: summary.written, as: UTF8.self) + told.joined()
  }
}

extension AuditReport.Finding {
  init(_ json: JSONValue) throws {
    guard let kind = json["finding"]?.text?.string, let topic = json["topic"]?.text?.string,
      let partition = json["partition"]?.integer
    else { throw Missing("A finding in \(String(decoding: json.written, as: UTF8.self))") }
    self.init(
      kind: kind, topic: topic, partition: partition, offset: json["offset"]?.integer,
      userID: json["userId"]?.integer, idempotencyKey: json["idempotencyKey"]?.text?.string,
      requestID: json["requestId"]?.text?.string)
  }
}
