import LinkCore

/// One process of a worker: the worker's own engine, and the loop and edges around it as the worker has them, in virtual time.
final class Process {
  let world: World
  let slot: Slot
  /// The disk that it was started on.
  let disk: Disk
  let number: Int
  /// Its transactional id.
  let producerID: Int
  private(set) var engine: Engine
  private(set) lazy var consumer = Consumer(process: self)
  private(set) lazy var publisher = Publisher(process: self)
  private(set) lazy var restorer = Restorer(process: self)
  private(set) var isDead = false
  private(set) var isPaused = false
  private(set) var isCutOff = false
  private let startedAt: Milliseconds
  /// What waits for SIGCONT.
  private var backlog: [() -> Void] = []
  /// Since when the group hears nothing of it; counts the silences.
  private var silence = 0
  // The loop.
  var inbox: [Happening] = []
  var isTurning = false
  /// In a revocation, until the transaction under way has ended.
  var isBlocked = false
  var timer: Milliseconds?
  var storeQueue: [StoreWork] = []
  var isStoreBusy = false
  var errands: [() -> Void] = []
  private var restartAfter: Milliseconds?
  private var isEnding = false
  /// When it last went on after standing still.
  private(set) var wokeAt: Milliseconds = -1
  /// The credential that its adapter client has read.
  var credentialVersion: Int
  let changes: Mutation

  /// What the loop takes, in the order of its coming.
  enum Happening {
    case event(Event)
    case assigned(Int32, [Int32])
    case revoke(isLost: Bool)
  }

  init(world: World, slot: Slot, number: Int) {
    self.world = world
    self.slot = slot
    self.number = number
    disk = slot.disk
    producerID = disk.name
    startedAt = world.agenda.now
    credentialVersion = world.credentialVersion
    var settings = EngineSettings(
      partitionCount: world.plan.partitions, groupID: "g", instanceID: "i\(disk.name)", requestsTopic: "requests",
      concurrency: 4, tokenLife: min(30 * 86_400_000, world.plan.timing.retention * 2 / 3),
      stateRetention: world.plan.timing.retention, commitBatch: 4,
      seed: world.plan.chanceSeed &+ UInt64(number))
    settings.retry = RetryPolicy(
      initial: 200, limit: 2000, retryAfterLimit: 1000, attemptLimit: world.plan.timing.attemptLimit,
      ambiguousLimit: world.plan.timing.ambiguousLimit,
      deadline: min(world.plan.timing.retention, 3_600_000))
    let now = Now(wall: world.wall + slot.clockOffset, uptime: 1000)
    engine = Engine(settings: settings, sha256: world.sha256, now: now)
    changes = Mutation(world: world)
    disk.view.now = now.wall
    disk.view.expireJournal()
    disk.view.resetWakes(nil)
  }

  var now: Now {
    Now(wall: world.wall + slot.clockOffset, uptime: world.agenda.now - startedAt + 1000)
  }

  var load: Engine.Load { engine.load }
  /// Calls have stopped, for the adapter refuses the credential, or another one is still to be tried.
  var isGateClosed = false

  /// Whether nothing is under way.
  var isAtRest: Bool { load.calls == 0 && load.unsettled == 0 && load.ready == 0 && load.refused == 0 }

  func step(_ event: Event) -> [Effect] { engine.step(event, now: now) }

  // MARK: - Time

  /// Has something done in this process after so many milliseconds: not once it is dead, and not while it stands still.
  func later(_ delay: Milliseconds, _ action: @escaping () -> Void) {
    world.agenda.after(delay) { [self] in
      if isDead { return }
      if isPaused { backlog.append(action) } else { action() }
    }
  }

  /// Goes on with `action` after a point at which something may happen to the process.
  func reach(_ point: Incident.Point, _ action: @escaping () -> Void) {
    world.reach(point, self)
    later(0, action)
  }

  /// Asks Kafka something until it answers or `deadline` (virtual time) passes. A request that is not answered in time is sent again, and the
  /// first one may still arrive.
  func ask<Answer>(
    _ message: World.Message = .ordinary, until deadline: Milliseconds, onSend: @escaping () -> Void = {},
    onLoss: @escaping () -> Void = {}, _ execute: @escaping () -> Answer, then: @escaping (Answer?) -> Void
  ) {
    var isDone = false
    func attempt() {
      onSend()
      if let there = world.flight(self, message) {
        world.agenda.after(there) { [self] in
          let answer = execute()
          guard let back = world.flight(self, .ordinary) else { return }
          later(back) {
            guard !isDone else { return }
            isDone = true
            then(answer)
          }
        }
      }
      later(600) { [self] in
        guard !isDone else { return }
        onLoss()
        if world.agenda.now < deadline {
          attempt()
        } else {
          isDone = true
          then(nil)
        }
      }
    }
    attempt()
  }

  // MARK: - Fate

  func die() {
    guard !isDead else { return }
    isDead = true
    backlog = []
    world.adapter.forget(self)
    world.truth.noteDeath(self)
    fallSilent()
  }

  /// SIGSTOP, and SIGCONT after a while.
  func pause(_ length: Milliseconds) {
    guard !isDead, !isPaused else { return }
    world.tell("worker \(slot.index) stands still for \(length) ms")
    isPaused = true
    fallSilent()
    world.agenda.after(length) { [self] in wakeUp() }
  }

  func wakeUp() {
    guard isPaused, !isDead else { return }
    world.tell("worker \(slot.index) goes on")
    isPaused = false
    wokeAt = world.agenda.now
    silence += 1
    let waiting = backlog
    backlog = []
    for action in waiting { later(world.milliseconds(0...3), action) }
    consumer.heartbeatSoon()
  }

  func cutOff(_ length: Milliseconds) {
    guard !isDead, !isCutOff else { return }
    world.tell("worker \(slot.index) is cut off from Kafka for \(length) ms")
    isCutOff = true
    fallSilent()
    world.agenda.after(length) { [self] in reconnect() }
  }

  func reconnect() {
    guard isCutOff, !isDead else { return }
    world.tell("worker \(slot.index) reaches Kafka again")
    isCutOff = false
    silence += 1
    consumer.heartbeatSoon()
  }

  /// SIGTERM.
  func stop(down: Milliseconds) {
    guard !isDead, restartAfter == nil else { return }
    world.tell("worker \(slot.index) is stopped")
    restartAfter = down
    later(0) { [self] in post(.event(.stop)) }
    later(20_000) { [self] in exit() }
  }

  /// Ends, and is started again.
  func exit() {
    guard !isDead, !isEnding else { return }
    isEnding = true
    // The loop turns no more; the group is left once the transaction under way has ended, unless that takes too long.
    isBlocked = true
    publisher.whenIdle { [self] in end(leaving: true) }
    later(5000) { [self] in end(leaving: false) }
  }

  private func end(leaving: Bool) {
    guard !isDead else { return }
    if leaving { consumer.leave() }
    die()
    world.start(slot, after: restartAfter ?? world.milliseconds(500...3000))
  }

  private func fallSilent() {
    silence += 1
    let own = silence
    guard let member = consumer.member else { return }
    world.agenda.after(world.plan.timing.session) { [self] in
      guard silence == own else { return }
      world.broker.group.expire(member)
    }
  }

  /// Lets go of everything.
  func clear() {
    isDead = true
    backlog = []
    inbox = []
    errands = []
    publisher.clear()
    restorer.clear()
  }
}
