import LinkCore
import LinkCrypto
import LinkTestSupport

@testable import LinkSimulation

/// The simulation's broker, without any worker.
final class SimulatedCluster: ScenarioBroker {
  private let settings: Scenario.Settings
  private let world: World
  private var epochs: [Life: Int] = [:]
  private var lives: [Int: Int] = [:]
  private var clients: [Life: SimulatedMember] = [:]

  /// How long things take to come to rest, and the time-outs that only the steps about them may reach.
  private enum Timing {
    static let rest: Milliseconds = 1000
    static let rebalance: Milliseconds = 1_000_000
    static let transaction: Milliseconds = 100_000_000
  }

  init(_ settings: Scenario.Settings) {
    self.settings = settings
    var plan = Plan(
      seed: 1, chanceSeed: 1, workers: 0, partitions: Int32(Place.partitions(of: .state).count), calmAt: .max)
    plan.timing.rebalance = Timing.rebalance
    plan.timing.transaction = Timing.transaction
    plan.timing.tombstones = settings.tombstonesGo ? 0 : 10 * Timing.transaction
    world = World(plan: plan, mutant: nil, sha256: sha256, isTold: false)
  }

  deinit { world.clear() }

  private var broker: Broker { world.broker }

  func perform(_ step: Step) throws -> Answer {
    let answer = try execute(step)
    rest(Timing.rest)
    for client in clients.values { client.noteReplacement() }
    return answer
  }

  private func rest(_ length: Milliseconds) {
    let end = world.agenda.now + length
    world.agenda.after(length) {}
    while world.agenda.turn(until: end) {}
  }

  private func execute(_ step: Step) throws -> Answer {
    switch step {
    case .initialise(let producer): return try initialise(producer)
    case .add(let life, let places):
      let places = Set(places.map(\.simulated))
      return retried { broker.add(places, of: life.of, epoch: epoch(life)) }
    case .produce(let life, let place, let items, let request):
      let records = items.map { (place: place.simulated, body: $0.body(at: place)) }
      // The simulation knows a request by its number alone.
      let number = (life.of * 1000 + life.number) * 1000 + request
      return retried { broker.produce(records, of: life.of, epoch: epoch(life), request: number).map { _ in } }
    case .sendOffsets(let life, let member, let offsets, let age):
      guard let metadata = clients[member]?.metadata(age: age) else { throw Missing("A generation of \(member)") }
      return retried { broker.send(offsets, of: life.of, epoch: epoch(life), metadata) }
    case .end(let life, let commit): return retried { broker.finish(life.of, epoch: epoch(life), commit: commit) }
    case .timeOut: rest(Timing.transaction + 10_000)
    case .write(let place, let items):
      for item in items { broker.writePlainly(item.body(at: place), place.simulated) }
    case .compact(let fillers): for filler in fillers { compact(filler) }
    // There is nothing like it in the simulation.
    case .deleteRecords: break
    case .makeAnew: broker.makeAnew(all: false)
    case .read(let place, let offset):
      let (entries, position) = log(place).read(from: offset, limit: .max)
      return .records(entries.map(\.record), position: position)
    case .arrive(let member): arrive(member)
    case .rejoin(let members): for member in members { client(member)?.join() }
    case .leave(let member): if let id = client(member)?.member { broker.group.leave(id) }
    case .expire(let member): if let id = client(member)?.member { broker.group.expire(id) }
    case .giveUpWaiting: rest(Timing.rebalance)
    case .beat(let member): return client(member).map { Answer(broker.group.pulse($0.member, $0.generation)) } ?? .done
    }
    return .done
  }

  private func initialise(_ producer: Int) throws -> Answer {
    for _ in 0..<10 {
      switch broker.initialise(producer) {
      case .success(let epoch):
        lives[producer, default: 0] += 1
        epochs[Life(producer, lives[producer] ?? 1)] = epoch
        return .done
      case .failure(.concurrent): rest(Timing.rest)
      case .failure(let refusal): return Answer(refusal)
      }
    }
    throw Missing("An end of the transaction of producer \(producer)")
  }

  /// Asks as a client does, which is not told of what is still ending.
  private func retried(_ ask: () -> Broker.Answer<Void>) -> Answer {
    for _ in 0..<10 {
      switch ask() {
      case .success: return .done
      case .failure(.concurrent): rest(Timing.rest)
      case .failure(let refusal): return Answer(refusal)
      }
    }
    return Answer(Broker.Refusal.concurrent)
  }

  private func epoch(_ life: Life) -> Int { epochs[life] ?? -1 }

  private func compact(_ filler: Item) {
    for place in Place.all where place.topic == .state {
      broker.writePlainly(filler.body(at: place), place.simulated)
    }
    rest(Timing.rest)
    broker.compact()
  }

  private func arrive(_ member: Int) {
    let number = 1 + clients.keys.count { $0.of == member }
    let client = SimulatedMember(of: broker.group, instance: settings.statics.contains(member) ? member : nil)
    clients[Life(member, number)] = client
    client.join()
  }

  private func client(_ life: Life) -> SimulatedMember? { clients[life] }

  private func log(_ place: Place) -> PartitionLog {
    switch place.topic {
    case .requests: broker.requests[Int(place.partition)]
    case .state: broker.state[Int(place.partition)]
    case .outcomes: broker.outcomes
    case .deadLetters: broker.deadLetters
    }
  }

  func view() -> ClusterView {
    var view = ClusterView()
    for place in Place.all {
      let log = log(place)
      let (entries, position) = log.read(from: 0, limit: .max)
      view.partitions[place] = .init(
        end: log.end, stableEnd: log.stableEnd, uncommitted: log.entries.map(\.record),
        committed: entries.map(\.record), position: position)
    }
    view.offsets = broker.group.offsets
    view.unstable = Set(Place.partitions(of: .requests).filter { broker.group.stableOffsets([$0]) == nil })
    view.memberships = clients.mapValues { client in
      .init(generation: client.generations.last, isWaiting: client.isWaiting, isReplaced: client.isReplaced)
    }
    return view
  }
}

extension Answer {
  fileprivate init(_ refusal: Broker.Refusal) {
    switch refusal {
    case .fenced: self = .fenced
    case .invalidState: self = .invalidState
    case .generation: self = .generation
    case .member: self = .member
    case .instance: self = .instance
    case .concurrent: self = .other(WireError.concurrentTransactions.code)
    case .records: self = .other(WireError.messageTooLarge.code)
    }
  }

  fileprivate init(_ pulse: GroupCoordinator.Pulse) {
    switch pulse {
    case .fine: self = .done
    case .rebalance: self = .rebalance
    case .gone: self = .gone
    case .replaced: self = .instance
    }
  }
}

extension Place {
  fileprivate var simulated: Broker.Place { .init(topic: topic, partition: partition) }
}

extension Item {
  fileprivate func body(at place: Place) -> PartitionLog.Body {
    let record = OutgoingRecord(item: self, at: place)
    switch place.topic {
    case .state: return .state(stateRecord(place.partition))
    case .requests:
      return .request(
        SourceRecord(
          partition: place.partition, offset: 0, timestamp: Timestamp(milliseconds: 0), key: record.key,
          value: record.value))
    case .outcomes, .deadLetters: return .published(record)
    }
  }
}

extension PartitionLog.Entry {
  fileprivate var record: Record {
    switch body {
    case .request(let record): Record(offset: offset, item: Item(key: record.key, value: record.value))
    case .published(let record): Record(offset: offset, item: Item(key: record.key, value: record.value))
    case .state(let record): Record(offset: offset, item: Item(record))
    }
  }
}
