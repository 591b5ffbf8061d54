import LinkCore

/// What really happened: every request written, every call made, everything committed; and what of it breaks a promise.
final class Truth {
  unowned let world: World
  private(set) var violations: [String] = []
  /// Requests of the present topic, and those of the ones before, whose loss is nobody's fault.
  private(set) var written: [Written] = []
  private(set) var outcomes: [Outcome] = []
  private(set) var refusals: [Int: Int] = [:]
  /// Requests that were refused as too old.
  private(set) var expired: Set<Int> = []
  /// Dead letters by the place of their record.
  private(set) var deadLetters: [Origin: Int] = [:]
  private(set) var moves: [Origin: Int] = [:]
  /// The committed state of each link, and how often it was forgotten.
  private(set) var state: [LinkKey: Link] = [:]
  private(set) var forgotten: [LinkKey: Int] = [:]
  /// Which replay number of which life of a link each replay event has made.
  private var accepted: [String: (life: Int, replay: Int)] = [:]
  private(set) var calls: [LinkKey: [CallRecord]] = [:]
  private(set) var requestsByNumber: [Int: PlannedRequest] = [:]
  /// The lives of the world: everything was made anew so many times.
  private(set) var worldLife = 0
  /// What each process has heard of the adapter.
  var views: [Int: AdapterView] = [:]
  /// When something last happened for which everybody may have to wait, and when a worker last made one call at a time.
  var unrestAt: Milliseconds = 0
  var narrowAt: Milliseconds?
  /// Requests of quiet users that are not judged yet.
  var quietLeft = 0

  struct Origin: Hashable {
    var life: Int
    var partition: Int32
    var offset: Int64
  }

  struct Written {
    var request: PlannedRequest
    var origin: Origin
    /// When, by a clock that is right.
    var at: Timestamp
    var isExcused = false
  }

  struct Outcome {
    var isSuccess: Bool
    /// Why it failed.
    var code: FailureCode?
    var key: LinkKey
    var replay: Int
    var number: Int
    var account: Int64
  }

  init(world: World) { self.world = world }

  func remember(_ call: CallRecord) { calls[call.key, default: []].append(call) }

  /// Lets go of the processes that made the calls.
  func clear() {
    calls = [:]
    views = [:]
  }

  func violate(_ what: String) {
    world.tell("VIOLATION: \(what)")
    if violations.count < 20 { violations.append(what) }
  }

  // MARK: - What is written and committed

  func noteWritten(_ request: PlannedRequest, _ partition: Int32, _ offset: Int64) {
    requestsByNumber[request.number] = request
    // Its first call may hang.
    if world.isStubborn(request.user) { noteUnrest() }
    written.append(
      Written(
        request: request, origin: Origin(life: world.broker.topicLife, partition: partition, offset: offset),
        at: world.wall))
  }

  /// Topics are made anew: what was not settled is lost with them, and not by the worker.
  func makeAnew(all: Bool) {
    for index in written.indices { written[index].isExcused = true }
    guard all else { return }
    worldLife += 1
    outcomes = []
    state = [:]
    accepted = [:]
    forgotten = [:]
    calls = [:]
  }

  func committed(_ entries: [PartitionLog.Entry], at place: Broker.Place) {
    for entry in entries {
      switch entry.body {
      case .request(let record): noteMoved(record, place)
      case .state(let record): noteState(record)
      case .published(let record): place.topic == .outcomes ? noteOutcome(record) : noteDeadLetter(record)
      }
    }
  }

  private func noteMoved(_ record: SourceRecord, _ place: Broker.Place) {
    guard let from = record.headers.last(where: { $0.name == Array("linkworker.moved-from".utf8) })?.value else {
      return
    }
    let parts = from.split(separator: UInt8(ascii: "/"))
    guard parts.count == 3, let partition = Int32(String(decoding: parts[1], as: UTF8.self)),
      let offset = Int64(String(decoding: parts[2], as: UTF8.self))
    else { return violate("a moved request does not say from where") }
    let origin = Origin(life: world.broker.topicLife, partition: partition, offset: offset)
    moves[origin, default: 0] += 1
    if moves[origin] == 2 { violate("I2: the request at \(partition)/\(offset) was moved twice") }
    if let user = record.key.flatMap({ Int64(String(decoding: $0, as: UTF8.self)) }),
      HomePartition.of(userId: user, partitionCount: world.plan.partitions) != place.partition
    {
      violate(
        "the request at \(partition)/\(offset) of user \(user) was moved to \(place.partition), which is not its home")
    }
  }

  private func noteState(_ record: StateRecord) {
    switch record {
    case .link(let link):
      if let known = state[link.key] {
        if link.replay < known.replay { violate("I8: link \(link.key) went back from replay \(known.replay)") }
        if link.replay == known.replay, known.isDone, !link.isDone {
          violate("I8: link \(link.key), which had ended, waits again")
        }
      }
      noteReplay(link)
      state[link.key] = link
    case .tombstone(.link(let key)):
      if let known = state[key], !known.isDone { violate("I8: link \(key) was forgotten before it ended") }
      if state[key] != nil { forgotten[key, default: 0] += 1 }
      state[key] = nil
    case .tombstone(.mark): world.pass(.marksSwept)
    case .mark, .identity, .tombstone: break
    }
  }

  /// A replay event makes one replay number of a link.
  private func noteReplay(_ link: Link) {
    guard let latest = link.replays.last else { return }
    let event = "\(latest.id) of \(link.key)"
    let life = forgotten[link.key] ?? 0
    if let known = accepted[event], known.life == life, known.replay != link.replay {
      violate("I10: replay \(event) is accepted as number \(known.replay) and as number \(link.replay)")
    }
    accepted[event] = (life, link.replay)
  }

  private func noteOutcome(_ record: OutgoingRecord) {
    guard let value = record.value, let event = try? JSONValue(parsing: value, rootLevel: 0), let data = event["data"],
      let number = event.requestNumber, let type = event["type"]?.text?.string
    else { return violate("an outcome cannot be read") }
    guard type != EventType.refused.rawValue else {
      refusals[number, default: 0] += 1
      if data["error"]?["code"]?.text == Text(RefusalCode.requestExpired.rawValue) { expired.insert(number) }
      return
    }
    guard let user = data["userId"]?.integer, let key = data["idempotencyKey"]?.text,
      let replay = data["replay"]?.integer,
      let account = data["ctidTraderAccountIds"]?.children.first(where: { _ in true })?.integer
    else { return violate("an outcome has no link") }
    let outcome = Outcome(
      isSuccess: type == EventType.tokenReady.rawValue,
      code: data["error"]?["code"]?.text.flatMap { FailureCode(rawValue: $0.string) },
      key: LinkKey(userId: user, idempotencyKey: key),
      replay: Int(replay), number: number, account: account)
    outcomes.append(outcome)
    if outcome.code == .deadlineExceeded, replay == 0 {
      noteEnd(byDeadline: number, at: event["time"]?.text.flatMap { Timestamp(rfc3339: $0.string.utf8) })
    }
    explain(outcome)
    world.tell("the outcome of \(outcome.key), replay \(replay), becomes visible")
    let same = outcomes.count { $0.key == outcome.key && $0.replay == outcome.replay }
    if same > 1 + (forgotten[outcome.key] ?? 0) {
      violate("I2: link \(outcome.key) has \(same) outcomes of replay \(replay)")
    }
  }

  private func noteDeadLetter(_ record: OutgoingRecord) {
    func header(_ name: String) -> Int64? {
      record.headers.last { $0.name == Array(name.utf8) }?.value.flatMap { Int64(String(decoding: $0, as: UTF8.self)) }
    }
    guard let partition = header("__connect.errors.partition"), let offset = header("__connect.errors.offset") else {
      return violate("a dead letter does not say from where")
    }
    let origin = Origin(life: world.broker.topicLife, partition: Int32(truncatingIfNeeded: partition), offset: offset)
    deadLetters[origin, default: 0] += 1
    if deadLetters[origin] == 2 { violate("I1: the record at \(partition)/\(offset) is dead-lettered twice") }
  }
}

extension JSONValue {
  /// The number of the request that an outcome names.
  var requestNumber: Int? { self["data"]?["requestId"]?.text.flatMap { Int($0.string.dropFirst()) } }
}

extension Link {
  /// Whether its outcome is decided.
  var isDone: Bool {
    switch state {
    case .succeeded, .failed: true
    case .scheduled: false
    }
  }
}
