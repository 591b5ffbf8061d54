import LinkCore

/// The metrics: one row each. `/metrics`, its tests and the README follow this table and nothing else.
package enum MetricTable {
  /// Every metric, in the order of the documentation.
  package static let all: [MetricDefinition] = requests + adapter + kafka + partitions + store + process

  /// The value that a label has for a case: the words of the log and the events, with underscores.
  static func value(of label: some RawRepresentable<String>) -> String {
    String(label.rawValue.map { $0 == "-" ? "_" : $0 })
  }

  // MARK: - Requests and links

  static let recordsReceived = MetricDefinition(
    "linkworker_records_received_total", .counter, "Records of the requests topic that came in, repeats included.")
  static let recordsSkipped = MetricDefinition(
    "linkworker_records_skipped_total", .counter,
    "Records passed over: without a value, or of an unknown type where requests.unknown.type is skip.")
  static let decisions = MetricDefinition(
    "linkworker_decisions_total", .counter, labels: .rows(["kind", "code"], decisionRows),
    "Decisions, by kind and by error code or dead letter's reason (empty where there is none), when they are taken: one that is lost with "
      + "its transaction is taken, and counts, again.")
  static let linkDuration = MetricDefinition(
    "linkworker_link_duration_seconds",
    .histogram([
      10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 30_000, 60_000, 120_000, 300_000, 900_000, 3_600_000,
      14_400_000, 43_200_000, 86_400_000, 259_200_000,
    ]),
    "From Kafka's timestamp of a request, or from its replay's acceptance, to the commit of its outcome.")
  static let linksReady = MetricDefinition(
    "linkworker_links_ready", .gauge, "Links that have their user's turn and wait for a free call.")
  static let linksScheduled = MetricDefinition(
    "linkworker_links_scheduled", .gauge,
    "Links of this worker's partitions that wait in the store for their time or turn.")
  static let requestsUnsettled = MetricDefinition(
    "linkworker_requests_unsettled", .gauge, "Records received and not settled yet.")
  static let decisionsRefused = MetricDefinition(
    "linkworker_decisions_refused", .gauge, "Decisions whose records Kafka refuses; each is tried again by itself.")

  // MARK: - The adapter

  private static let callBounds: [Milliseconds] = [
    1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 30_000,
  ]

  static let adapterCalls = MetricDefinition(
    "linkworker_adapter_calls_total", .counter,
    labels: .values("class", Attempt.Verdict.allCases.map { value(of: $0) }),
    "Calls of the adapter, by what came of them.")
  static let adapterCallDuration = MetricDefinition(
    "linkworker_adapter_call_duration_seconds", .histogram(callBounds),
    "From the call of the adapter to its answer, or to the end of its time.")
  static let adapterCallsInFlight = MetricDefinition(
    "linkworker_adapter_calls_in_flight", .gauge, "Calls of the adapter under way.")
  static let adapterConcurrencyLimit = MetricDefinition(
    "linkworker_adapter_concurrency_limit", .gauge,
    "Calls of the adapter that may be under way: what it is found to bear, up to adapter.concurrency.")
  static let adapterRateLimit = MetricDefinition(
    "linkworker_adapter_rate_limit", .gauge,
    "Calls of the adapter that may begin in a second: this worker's share of adapter.rate.per.second, or less while it recovers; +Inf "
      + "where nothing limits them.")
  static let credentialRefused = MetricDefinition(
    "linkworker_adapter_credential_refused", .gauge, "1 while the adapter refuses the credential, else 0.")

  static let breaker = MetricDefinition(
    "linkworker_adapter_breaker_state", .gauge,
    labels: .values("state", BreakerState.allCases.map { value(of: $0) }),
    "1 for the state of the circuit breaker, 0 for the others.")

  // MARK: - Kafka

  static let lag = MetricDefinition(
    "linkworker_consumer_lag_records", .gauge,
    "Offsets between the group's and the end, over this worker's partitions, blocked and restoring ones too. The last fetch tells the end; "
      + "where there is none, Kafka is asked every 10 s.")
  static let lagMax = MetricDefinition(
    "linkworker_consumer_lag_max_records", .gauge, "The same of the partition that is furthest behind.")
  static let transactions = MetricDefinition(
    "linkworker_transactions_total", .counter, labels: .values("result", TransactionEnd.allCases.map { value(of: $0) }),
    "Transactions by how they ended; one that ended unknown counts once more when the state topic has told.")
  static let transactionDuration = MetricDefinition(
    "linkworker_transaction_duration_seconds", .histogram(callBounds),
    "From the building of a batch to the end of its transaction.")
  static let lastCommit = MetricDefinition(
    "linkworker_last_commit_timestamp_seconds", .gauge, "When a transaction was last committed; 0 before the first.")

  // MARK: - Partitions

  static let partitionStates = MetricDefinition(
    "linkworker_partitions", .gauge, labels: .values("state", LaneState.allCases.map { value(of: $0) }),
    "This worker's partitions, by state.")
  static let restoreRecords = MetricDefinition(
    "linkworker_restore_records_total", .counter, "Records of the state topic read to restore partitions.")
  static let restoreRemaining = MetricDefinition(
    "linkworker_restore_remaining_records", .gauge,
    "Offsets of the state topic still to be read by the restore under way.")
  static let restoreDuration = MetricDefinition(
    "linkworker_restore_duration_seconds", .gauge, "How long the last restore took; 0 before the first.")

  // MARK: - The store

  static let storeSize = MetricDefinition(
    "linkworker_store_size_bytes", .gauge, "Size of the local store's files.")
  static let journalEntries = MetricDefinition(
    "linkworker_journal_entries", .gauge, "Answers of the adapter on the disk that Kafka does not have yet.")

  // MARK: - The process

  static let ready = MetricDefinition("linkworker_ready", .gauge, "1 where /readyz answers 200, else 0.")
  static let loopLastTurn = MetricDefinition(
    "linkworker_loop_last_turn_timestamp_seconds", .gauge,
    "When the worker's loop last turned; 0 before the first time.")
  static let buildInfo = MetricDefinition(
    "linkworker_build_info", .gauge, labels: .program(["version", "librdkafka"]),
    "1, with the versions of this program.")
  static let cpu = MetricDefinition("process_cpu_seconds_total", .counter, "Processor time, of user and system.")
  static let residentMemory = MetricDefinition("process_resident_memory_bytes", .gauge, "Resident memory.")
  static let openDescriptors = MetricDefinition("process_open_fds", .gauge, "Open file descriptors.")
  static let descriptorLimit = MetricDefinition(
    "process_max_fds", .gauge, "The most file descriptors that may be open.")
  static let startTime = MetricDefinition("process_start_time_seconds", .gauge, "When the process was started.")

  private static let requests = [
    recordsReceived, recordsSkipped, decisions, linkDuration, linksReady, linksScheduled, requestsUnsettled,
    decisionsRefused,
  ]
  private static let adapter = [
    adapterCalls, adapterCallDuration, adapterCallsInFlight, adapterConcurrencyLimit, adapterRateLimit,
    credentialRefused, breaker,
  ]
  private static let kafka = [lag, lagMax, transactions, transactionDuration, lastCommit]
  private static let partitions = [partitionStates, restoreRecords, restoreRemaining, restoreDuration]
  private static let store = [storeSize, journalEntries]
  private static let process = [
    ready, loopLastTurn, buildInfo, cpu, residentMemory, openDescriptors, descriptorLimit, startTime,
  ]

  private static var decisionRows: [[String]] {
    DecisionCode.all.map { [value(of: $0.kind), $0.code] }
  }
}

/// How a transaction can end.
enum TransactionEnd: String, CaseIterable, Sendable {
  case committed, aborted, fenced, refused, unknown, fatal

  init(_ fault: Note.TransactionFault) {
    self =
      switch fault {
      case .aborted: .aborted
      case .fenced: .fenced
      case .refused: .refused
      case .unknown: .unknown
      case .fatal: .fatal
      }
  }
}

/// What a partition of this worker is doing.
package enum LaneState: String, CaseIterable, Sendable {
  /// Its records are served.
  case open
  /// Its state is being read.
  case restoring
  /// It stands still until somebody acts.
  case blocked
}
