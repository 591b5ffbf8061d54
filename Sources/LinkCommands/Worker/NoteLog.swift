import LinkCore
import LinkKafka
import LinkOps

/// Writes the engine's notes as log lines: one place that decides what operators read, at which level.
struct NoteLog: Sendable {
  let log: Log
  private let alarms = AlarmLimiter()

  init(log: Log) { self.log = log }

  /// Writes one note.
  func write(_ note: Note) {
    switch note {
    case .laneOpened(let partition, let position):
      log.info(
        "lane.opened", "The partition's requests are taken from here on.",
        ["partition": .integer(partition), "offset": .integer(position)])
    case .laneBlocked(let partition, let reason):
      log.error(
        "lane.blocked", "The partition stands still: \(reason)", ["partition": .integer(partition)])
    case .recordSkipped(let partition, let offset):
      log.debug(
        "record.skipped", "The record was passed over.", ["partition": .integer(partition), "offset": .integer(offset)])
    case .decided(let decided): write(decided)
    case .called(let key, let verdict, let status, let detail, let took):
      log.debug(
        "adapter.called", "The adapter was called.", called(key, verdict, status, detail, took))
      guard verdict == .unsent else { return }
      log.alarm(
        .warning, "adapter.unreachable", key: "adapter.unreachable", limiter: alarms,
        "The adapter cannot be reached; the call was not sent and is made later: \(detail ?? "no reason known"). "
          + "Try: linkworker config check --connect")
    case .committed(let decisions, let took, _):
      log.debug(
        "transaction.committed", "A transaction is committed.",
        ["decisions": .integer(decisions), "milliseconds": .integer(took)])
    // Told by each of its decisions.
    case .commitFailed(.refused, _, _, _): break
    case .commitFailed(_, let reason, let inARow, _):
      // One may pass by itself; several in a row want a person.
      log.alarm(
        inARow > 3 ? .error : .warning, "transaction.failed", key: "transaction.failed", limiter: alarms,
        "A transaction did not commit and is looked into or tried again: \(reason)")
    case .decisionRefused(let partition, let offset, let reason):
      log.alarm(
        .error, "decision.refused", key: "decision.refused/\(partition)", limiter: alarms,
        "Kafka refuses the records of a decision; the partition's offset waits for it, others go on: \(reason)",
        ["partition": .integer(partition), "offset": .integer(offset ?? -1)])
    case .credentialRefused(let status):
      log.error(
        "adapter.credential.refused",
        "The adapter refuses the credential, or redirects: calls stop but for a probe every 30 s, and no link fails. "
          + "Try: put the right credential into adapter.credential.file and check adapter.url; no restart is needed.",
        ["status": .integer(status)])
    case .credentialAccepted:
      log.info("adapter.credential.accepted", "The adapter takes the credential again; calls go on, few at first.")
    case .breakerOpened:
      log.error(
        "adapter.breaker.opened",
        "Nothing that is asked of the adapter succeeds: calls stop but for single probes, and no link fails for it. "
          + "Try: see whether the adapter at adapter.url is up and can be reached from here.")
    case .breakerHalfOpened:
      log.info(
        "adapter.breaker.half-open", "A probe is on its way to the adapter; its answer says whether calls go on.")
    case .breakerClosed:
      log.info(
        "adapter.breaker.closed",
        "The adapter answers again; calls go on, few at first: their rate doubles every two seconds.")
    }
  }

  /// Writes how many of each kind there were: a record without a value leaves no other trace.
  func write(totals: LogFields) { log.info("worker.totals", "What this worker did since it started.", totals) }

  /// Writes that partitions went to others.
  func write(revoked partitions: [Int32]) {
    log.info(
      "lanes.revoked", "The group took the partitions away.", ["partitions": .list(partitions.map { .integer($0) })])
  }

  /// Writes what the consumer met.
  func write(_ failure: KafkaFailure) {
    log.alarm(
      failure.isFatal ? .error : .warning, "kafka.failed", key: failure.name, limiter: alarms, failure.description,
      ["code": .string(failure.name)])
  }

  private func write(_ decided: Note.Decided) {
    log.info("link.\(decided.kind.rawValue)", sentence(decided.kind), fields(decided))
  }

  private func sentence(_ kind: Note.Decided.Kind) -> String {
    switch kind {
    case .succeeded: "The link has its token; token-ready is on its way."
    case .failed: "The link failed; failed is on its way."
    case .scheduled: "The link waits for its next attempt."
    case .refused: "The request is refused."
    case .deadLettered: "The record goes to the dead letters."
    case .duplicate: "The request is known already."
    case .moved: "The request is moved to its home partition."
    case .replayed: "The failed link is tried anew."
    }
  }

  private func fields(_ decided: Note.Decided) -> LogFields {
    var fields: LogFields = ["partition": .integer(decided.partition)]
    if let offset = decided.offset { fields.append("offset", .integer(offset)) }
    if let key = decided.key {
      fields.append("userId", .integer(key.userId))
      fields.append("idempotencyKey", .string(key.idempotencyKey.string))
    }
    if let code = decided.code { fields.append("code", .string(code)) }
    if let due = decided.due { fields.append("due", .string(due.rfc3339)) }
    return fields
  }

  private func called(
    _ key: LinkKey, _ verdict: Attempt.Verdict, _ status: Int?, _ detail: String?, _ took: Milliseconds
  ) -> LogFields {
    var fields: LogFields = [
      "userId": .integer(key.userId), "verdict": .string(verdict.rawValue), "milliseconds": .integer(took),
    ]
    if let status { fields.append("status", .integer(status)) }
    if let detail { fields.append("detail", .string(detail)) }
    return fields
  }
}
