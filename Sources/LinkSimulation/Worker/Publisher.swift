import LinkCore

/// The transaction thread: `TransactionalPublisher` and `Transaction`, step by step, each of which may be where the process dies or stands still.
final class Publisher {
  private unowned let process: Process
  /// The epoch of the producer at hand; nil where the last one was dropped.
  var epoch: Int?
  private(set) var phase = Phase.idle
  private var jobs: [(@escaping () -> Void) -> Void] = []
  private var isBusy = false
  private var waiters: [() -> Void] = []
  private var fencings: [Milliseconds] = []
  /// What the last transaction was of.
  private(set) var lastDecisions: [BatchedDecision] = []

  enum Phase { case idle, initialising, adding, producing, fencing, ending, aborting }

  init(process: Process) { self.process = process }

  var world: World { process.world }

  /// One transaction.
  final class Attempt {
    let batch: Batch
    let group: GroupCoordinator.Metadata
    let done: (CommitResult) -> Void
    var epoch = 0
    var began: Milliseconds = 0
    var deadline: Milliseconds = 0
    /// EndTxn requests that were sent, and requests of the transaction that were not answered.
    var ends = 0
    var losses = 0
    var stateEnds: [Int32: Int64] = [:]
    var isAdded = false

    init(_ batch: Batch, _ group: GroupCoordinator.Metadata, done: @escaping (CommitResult) -> Void) {
      self.batch = batch
      self.group = group
      self.done = done
    }
  }

  var passageOfRevoke: Passage {
    switch phase {
    case .idle: .revokedIdle
    case .initialising: .revokedInitialising
    case .adding: .revokedAdding
    case .producing: .revokedProducing
    case .fencing: .revokedFencing
    case .ending: .revokedEnding
    case .aborting: .revokedAborting
    }
  }

  // MARK: - Jobs

  func commit(_ batch: Batch, _ group: GroupCoordinator.Metadata) {
    lastDecisions = batch.decisions
    enqueue { [self] done in
      begin(
        Attempt(process.changes.altered(batch, process), group) { [self] result in
          phase = .idle
          process.reach(.committed) { [self] in
            process.post(.event(.ended(batch: batch.id, result)))
            done()
          }
        })
    }
  }

  /// Has an initialised producer; says whether.
  func prepare(_ then: @escaping (Bool) -> Void) {
    enqueue { [self] done in
      ready { [self] epoch in
        phase = .idle
        then(epoch != nil)
        done()
      }
    }
  }

  /// Calls back once all jobs asked for so far are done.
  func whenIdle(_ then: @escaping () -> Void) {
    if isBusy { waiters.append(then) } else { then() }
  }

  func clear() {
    jobs = []
    waiters = []
  }

  private func enqueue(_ job: @escaping (@escaping () -> Void) -> Void) {
    jobs.append(job)
    if !isBusy { next() }
  }

  private func next() {
    guard !jobs.isEmpty else {
      isBusy = false
      let waiting = waiters
      waiters = []
      for waiter in waiting { waiter() }
      return
    }
    isBusy = true
    let job = jobs.removeFirst()
    job { [self] in process.later(0) { [self] in next() } }
  }

  // MARK: - The producer

  private func ready(_ then: @escaping (Int?) -> Void) {
    if let epoch { return then(epoch) }
    phase = .initialising
    initialise(until: world.agenda.now + 30_000, then)
  }

  private func initialise(until deadline: Milliseconds, _ then: @escaping (Int?) -> Void) {
    let producer = process.producerID
    process.ask(until: deadline, { [world] in world.broker.initialise(producer) }) { [self] answer in
      switch answer {
      case .success(let epoch)?:
        self.epoch = epoch
        then(epoch)
      case .failure? where world.agenda.now < deadline:
        process.later(50) { [self] in initialise(until: deadline, then) }
      case .failure?, nil: then(nil)
      }
    }
  }

  func drop() { if process.changes.drops { epoch = nil } }

  /// A transaction older than its timeout is fenced by the coordinator. Younger ones, twice in a minute: by another worker.
  private func noteFencing(since began: Milliseconds) -> CommitResult? {
    let now = world.agenda.now
    world.pass(.producerFenced)
    guard now - began < world.plan.timing.transaction * 9 / 10 else { return nil }
    fencings = fencings.filter { now - $0 < 60_000 } + [now]
    return fencings.count < 2 ? nil : .fatal(reason: "another worker uses the transactional id", exitCode: 78)
  }

  // MARK: - One transaction

  private func begin(_ attempt: Attempt) {
    ready { [self] epoch in
      guard let epoch else { return attempt.done(.aborted(reason: "no producer")) }
      attempt.epoch = epoch
      attempt.began = world.agenda.now
      attempt.deadline = attempt.began + world.plan.timing.transaction - 1000
      phase = .adding
      process.reach(.begun) { [self] in
        process.changes.sendsOffsetsFirst
          ? fence(attempt) { [self] in add(attempt, then: end) } : add(attempt, then: fenceAndEnd)
      }
    }
  }

  private func fenceAndEnd(_ attempt: Attempt) { fence(attempt) { [self] in end(attempt) } }

  private func add(_ attempt: Attempt, then next: @escaping (Attempt) -> Void) {
    let records = Self.records(of: attempt.batch)
    guard !records.isEmpty else { return next(attempt) }
    phase = .adding
    let (producer, places) = (process.producerID, Set(records.map(\.place)))
    attempt.isAdded = true
    asking(attempt, counted: true, { $0.add(places, of: producer, epoch: attempt.epoch) }) { [self] _ in
      process.reach(.added) { [self] in produce(attempt, records, then: next) }
    }
  }

  /// Outcomes and the like first, then the state records: each is a request of its own, and both are under way at once.
  private func produce(_ attempt: Attempt, _ records: [Outgoing], then next: @escaping (Attempt) -> Void) {
    phase = .producing
    let producer = process.producerID
    let parts = [records.filter { $0.place.topic != .state }, records.filter { $0.place.topic == .state }]
      .filter { !$0.isEmpty }
    var left = parts.count
    var hasFailed = false
    for part in parts {
      let request = Int(truncatingIfNeeded: world.random.next() >> 1)
      let bodies = part.map { (place: $0.place, body: $0.body) }
      asking(
        attempt, counted: false, { $0.produce(bodies, of: producer, epoch: attempt.epoch, request: request) },
        unless: { hasFailed },
        failing: { [self] refusal in
          hasFailed = true
          if case .records(let places) = refusal { return refuse(attempt, places.map { part[$0].decision }) }
          fail(attempt, refusal)
        },
        then: { [self] ends in
          if part[0].place.topic == .state { attempt.stateEnds = ends }
          left -= 1
          guard left == 0, !hasFailed else { return }
          process.reach(.produced) { next(attempt) }
        })
    }
  }

  private func fence(_ attempt: Attempt, then next: @escaping () -> Void) {
    phase = .fencing
    guard let offsets = process.changes.offsets(attempt.batch, process) else { return next() }
    let producer = process.producerID
    attempt.isAdded = true
    guard let group = process.changes.metadata(attempt.group, process) else {
      return abandon(attempt, .fencedByGroup(reason: "in no generation"))
    }
    let identities = attempt.batch.identities
    asking(
      attempt, counted: true, { $0.send(offsets, under: identities, of: producer, epoch: attempt.epoch, group) }
    ) { [self] _ in
      process.reach(.fenced) { next() }
    }
  }

  private func end(_ attempt: Attempt) {
    phase = .ending
    guard attempt.deadline - world.agenda.now > 200 else {
      return abandon(attempt, .aborted(reason: "no time is left"))
    }
    guard attempt.isAdded else { return attempt.done(.committed(stateEnds: [:])) }
    askEnd(attempt)
  }

  private func askEnd(_ attempt: Attempt) {
    let producer = process.producerID
    process.ask(
      .end, until: attempt.deadline, onSend: { attempt.ends += 1 }, onLoss: { attempt.losses += 1 },
      { [world] in world.broker.finish(producer, epoch: attempt.epoch, commit: true) }
    ) { [self] answer in
      if attempt.ends > 1 { world.pass(.endResent) }
      switch answer {
      case .success?: process.reach(.ended) { [self] in conclude(attempt) }
      case .failure(.concurrent)? where world.agenda.now < attempt.deadline:
        process.later(20) { [self] in askEnd(attempt) }
      case .failure(.fenced)?: resolve(attempt, "fenced", isFenced: true)
      case .failure(let refusal)?: resolve(attempt, "\(refusal)", isFenced: false)
      case nil: resolve(attempt, "no answer to the commit", isFenced: false)
      }
    }
  }

  private func conclude(_ attempt: Attempt) {
    if attempt.ends == 1, attempt.losses == 0 || !attempt.isAdded {
      world.pass(.committed)
      return attempt.done(.committed(stateEnds: attempt.stateEnds))
    }
    world.pass(.uncleanCommit)
    if process.changes.trustsUncleanCommits { return attempt.done(.committed(stateEnds: attempt.stateEnds)) }
    resolve(attempt, "sent \(attempt.ends) times, \(attempt.losses) unanswered", isFenced: false)
  }

  /// A commit whose end is not certain: the new producer is initialised, behind which nothing of the old one is committed any more.
  private func resolve(_ attempt: Attempt, _ reason: String, isFenced: Bool) {
    drop()
    let fatal = isFenced ? noteFencing(since: attempt.began) : nil
    ready { _ in attempt.done(fatal ?? .unknown(reason: reason)) }
  }

  // MARK: - Failures

  private func asking<Answer>(
    _ attempt: Attempt, counted: Bool, _ execute: @escaping (Broker) -> Result<Answer, Broker.Refusal>,
    unless isOver: @escaping () -> Bool = { false }, failing: ((Broker.Refusal) -> Void)? = nil,
    then: @escaping (Answer) -> Void
  ) {
    process.ask(
      until: attempt.deadline, onLoss: { if counted { attempt.losses += 1 } }, { [world] in execute(world.broker) }
    ) { [self] answer in
      guard !isOver() else { return }
      switch answer {
      case .success(let answer)?: then(answer)
      case .failure(.concurrent)? where world.agenda.now < attempt.deadline:
        process.later(20) { [self] in
          guard !isOver() else { return }
          asking(attempt, counted: counted, execute, unless: isOver, failing: failing, then: then)
        }
      case .failure(let refusal)?: failing?(refusal) ?? fail(attempt, refusal)
      case nil: failing?(.concurrent) ?? fail(attempt, .concurrent)
      }
    }
  }

  private func fail(_ attempt: Attempt, _ refusal: Broker.Refusal) {
    switch refusal {
    case .member: world.pass(.fencedAsStranger)
    case .instance: world.pass(.fencedAsReplaced)
    case .generation, .fenced, .concurrent, .invalidState, .records: world.pass(.aborted)
    }
    switch refusal {
    case .generation, .member, .instance:
      if process.wokeAt >= attempt.began { world.pass(.zombieRefused) }
      abandon(attempt, .fencedByGroup(reason: "\(refusal)"))
    case .fenced:
      drop()
      let fatal = noteFencing(since: attempt.began)
      ready { _ in attempt.done(fatal ?? .aborted(reason: "fenced")) }
    case .concurrent, .invalidState, .records: abandon(attempt, .aborted(reason: "\(refusal)"))
    }
  }

  private func refuse(_ attempt: Attempt, _ decisions: [UInt64]) {
    abandon(attempt, .refused(decisions: Dictionary(decisions.map { ($0, "too large") }) { first, _ in first }))
  }

  /// Ends a transaction that was not committed, and its producer. Where Kafka does not confirm the abort, the next producer's initialisation is
  /// what ends it.
  private func abandon(_ attempt: Attempt, _ result: CommitResult) {
    phase = .aborting
    guard attempt.isAdded else {
      drop()
      return attempt.done(result)
    }
    let producer = process.producerID
    process.ask(
      .end, until: world.agenda.now + min(world.plan.timing.transaction / 2, 5000),
      { [world] in world.broker.finish(producer, epoch: attempt.epoch, commit: false) }
    ) { [self] answer in
      if !process.changes.keepsAfterAbort { drop() }
      if case .success? = answer { return attempt.done(result) }
      ready { _ in attempt.done(result) }
    }
  }
}
