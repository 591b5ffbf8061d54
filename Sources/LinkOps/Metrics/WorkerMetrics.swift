package import LinkCore

/// Everything that is counted and measured of one worker.
///
/// Any thread may add to it: there is no lock, and an addition costs some nanoseconds. The number of series is fixed from the start.
package final class WorkerMetrics: Sendable {
  /// Records of the requests topic that came in.
  package let recordsReceived = Counter()
  /// Links of this worker's partitions that wait in the store.
  package let linksScheduled = Gauge()
  /// The store's files, in bytes.
  package let storeSize = Gauge()
  /// Answers in the journal.
  package let journalEntries = Gauge()
  /// Offsets that this worker's partitions are behind.
  package let lag = Gauge()
  /// The same of the one that is furthest behind.
  package let lagMax = Gauge()

  private let recordsSkipped = Counter()
  private let decisions = DecisionCounters()
  private let linkDuration: Histogram
  private let linksReady = Gauge()
  private let requestsUnsettled = Gauge()
  private let decisionsRefused = Gauge()
  private let calls = CounterSet<Attempt.Verdict>()
  private let callDuration: Histogram
  private let callsInFlight = Gauge()
  private let concurrencyLimit = Gauge()
  private let callsPerSecond = Gauge()
  private let credentialRefused = Gauge()
  private let breaker = GaugeSet<BreakerState>()
  private let transactions = CounterSet<TransactionEnd>()
  private let transactionDuration: Histogram
  private let health: Health
  private let versions: [String]
  private let clock: @Sendable () -> Now

  /// Nothing counted yet. What `health` knows is shown with the rest; the versions are the worker's and librdkafka's.
  package init(health: Health, version: String, librdkafka: String, clock: @escaping @Sendable () -> Now) {
    self.health = health
    self.clock = clock
    versions = [version, librdkafka]
    linkDuration = Histogram(of: MetricTable.linkDuration)
    callDuration = Histogram(of: MetricTable.adapterCallDuration)
    transactionDuration = Histogram(of: MetricTable.transactionDuration)
    breaker.set(.closed, 1)
  }

  /// Counts what the engine tells.
  package func observe(_ note: Note) {
    switch note {
    case .recordSkipped: recordsSkipped.add()
    case .decided(let decided): decisions.add(decided.kind, decided.code)
    case .called(_, let verdict, _, _, let took):
      calls.add(verdict)
      callDuration.observe(took)
    case .committed(_, let took, let links):
      transactions.add(.committed)
      transactionDuration.observe(took)
      for link in links { linkDuration.observe(link) }
    case .commitFailed(let fault, _, _, let took):
      transactions.add(TransactionEnd(fault))
      transactionDuration.observe(took)
    case .laneOpened, .laneBlocked, .decisionRefused, .credentialRefused, .credentialAccepted, .breakerOpened,
      .breakerHalfOpened, .breakerClosed:
      break
    }
  }

  /// Takes the engine's load over.
  package func observe(_ load: Engine.Load) {
    linksReady.set(load.ready)
    requestsUnsettled.set(load.unsettled)
    decisionsRefused.set(load.refused)
    callsInFlight.set(load.calls)
    concurrencyLimit.set(load.concurrencyLimit)
    callsPerSecond.set(load.callsPerSecond ?? .infinity)
    credentialRefused.set(load.credentialRefused ? 1 : 0)
    for state in BreakerState.allCases { breaker.set(state, state == load.breaker ? 1 : 0) }
  }

  /// What became of records since the start, for a line of the log: what did not occur is left out.
  package var totals: LogFields {
    var counts = Note.Decided.Kind.allCases.map { ($0.rawValue, decisions.count(of: $0)) }
    counts.append(("skipped", recordsSkipped.value))
    counts.append(("calls", Attempt.Verdict.allCases.reduce(0) { $0 + calls.value($1) }))
    var fields: LogFields = [:]
    for (name, count) in counts.sorted(by: { $0.0 < $1.0 }) where count > 0 { fields.append(name, .integer(count)) }
    return fields
  }

  /// All of it as text.
  package func text(_ format: MetricFormat) -> [UInt8] { MetricText.encode(families, format) }

  /// Every metric of the table with its numbers, in the table's order.
  var families: [MetricFamily] {
    let (health, clock) = (health, clock)
    let restore = health.restore
    let process = ProcessFigures.now()
    return [
      MetricFamily(MetricTable.recordsReceived, .counter(recordsReceived)),
      MetricFamily(MetricTable.recordsSkipped, .counter(recordsSkipped)),
      MetricFamily(MetricTable.decisions, decisions.series),
      MetricFamily(MetricTable.linkDuration, .histogram(linkDuration)),
      MetricFamily(MetricTable.linksReady, .gauge(linksReady)),
      MetricFamily(MetricTable.linksScheduled, .gauge(linksScheduled)),
      MetricFamily(MetricTable.requestsUnsettled, .gauge(requestsUnsettled)),
      MetricFamily(MetricTable.decisionsRefused, .gauge(decisionsRefused)),
      MetricFamily(MetricTable.adapterCalls, calls.series),
      MetricFamily(MetricTable.adapterCallDuration, .histogram(callDuration)),
      MetricFamily(MetricTable.adapterCallsInFlight, .gauge(callsInFlight)),
      MetricFamily(MetricTable.adapterConcurrencyLimit, .gauge(concurrencyLimit)),
      MetricFamily(MetricTable.adapterRateLimit, .gauge(callsPerSecond)),
      MetricFamily(MetricTable.credentialRefused, .gauge(credentialRefused)),
      MetricFamily(MetricTable.breaker, breaker.series),
      MetricFamily(MetricTable.lag, .gauge(lag)),
      MetricFamily(MetricTable.lagMax, .gauge(lagMax)),
      MetricFamily(MetricTable.transactions, transactions.series),
      MetricFamily(MetricTable.transactionDuration, .histogram(transactionDuration)),
      MetricFamily(MetricTable.lastCommit, .read { Double(health.lastCommit?.milliseconds ?? 0) / 1000 }),
      MetricFamily(MetricTable.partitionStates, partitionStates),
      MetricFamily(MetricTable.restoreRecords, .read { Double(restore.figures.recordsEver) }),
      MetricFamily(MetricTable.restoreRemaining, .read { Double(restore.figures.remaining) }),
      MetricFamily(MetricTable.restoreDuration, .read { Double(restore.figures.lastDuration ?? 0) / 1000 }),
      MetricFamily(MetricTable.storeSize, .gauge(storeSize)),
      MetricFamily(MetricTable.journalEntries, .gauge(journalEntries)),
      MetricFamily(MetricTable.ready, .read { health.isReady(now: clock()) ? 1 : 0 }),
      MetricFamily(MetricTable.loopLastTurn, .read { health.lastTurn(now: clock()) }),
      MetricFamily(MetricTable.buildInfo, [.init(labels: versions, source: .read { 1 })]),
      MetricFamily(MetricTable.cpu, .read { process.cpuSeconds }),
      MetricFamily(MetricTable.residentMemory, .read { Double(process.residentBytes) }),
      MetricFamily(MetricTable.openDescriptors, .read { Double(process.openDescriptors) }),
      MetricFamily(MetricTable.descriptorLimit, .read { Double(process.descriptorLimit) }),
      MetricFamily(MetricTable.startTime, .read { process.startTime }),
    ]
  }

  private var partitionStates: [MetricFamily.Series] {
    let counts = health.laneCounts
    return LaneState.allCases.map { state in
      .init(labels: [MetricTable.value(of: state)], source: .read { Double(counts[state] ?? 0) })
    }
  }
}

extension Histogram {
  fileprivate convenience init(of definition: MetricDefinition) {
    guard case .histogram(let bounds) = definition.kind else {
      preconditionFailure("\(definition.name) has no buckets")
    }
    self.init(bounds)
  }
}
