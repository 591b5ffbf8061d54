import LinkCore

/// The consumer group's coordinator: members, generations, the range assignor, and the committed offsets.
final class GroupCoordinator {
  private unowned let world: World
  private let partitions: Int32
  private(set) var generation: Int32 = 0
  private var members: [Int: Member] = [:]
  private var isPreparing = false
  private var round = 0
  /// Counts members.
  private var count = 0
  /// Who owns what in this generation.
  private(set) var owners: [Int32: Int] = [:]
  /// The group's offsets, and those of transactions that have not ended, by producer.
  private(set) var offsets: [Int32: Int64] = [:]
  private var held: [Int: [Held]] = [:]
  /// The identities that the offsets' metadata names.
  private(set) var identities: [Int32: Identity] = [:]
  /// The instances of static members, by the member ids that they ever had.
  private var instances: [Int: Int] = [:]

  private struct Held {
    var offsets: [Int32: Int64]
    var identities: [Int32: Identity]
  }

  private struct Member {
    var client: any GroupClient
    var instance: Int?
    var hasJoined = true
    /// The member's latest JoinGroup: the answer is to that one.
    var attempt: Int
  }

  /// Who a member is when it commits.
  struct Metadata: Equatable {
    var member: Int
    var generation: Int32
  }

  init(world: World, partitions: Int32) {
    self.world = world
    self.partitions = partitions
  }

  // MARK: - Membership

  /// JoinGroup, and what the SyncGroup after it brings.
  func join(_ client: any GroupClient, member: Int?, instance: Int?, attempt: Int) {
    // Its old id is known to be another's by now: the next heartbeat says so.
    if let member, isReplaced(member) { return client.heartbeatSoon() }
    if let instance, let old = members.first(where: { $0.value.instance == instance })?.key, old != member {
      return replace(old, by: client, instance, attempt)
    }
    if let member, let known = members[member] {
      members[member]?.attempt = max(attempt, known.attempt)
      // One that asks again because the answer was lost is told again.
      guard isPreparing else { return inform(member, owners.filter { $0.value == member }.keys.sorted()) }
      members[member]?.hasJoined = true
    } else {
      let id = newID()
      admit(id, client, instance, attempt)
      // A join that was asked for twice makes two members, one of which nobody is.
      world.agenda.after(world.plan.timing.session) { [self] in if client.member != id { expire(id) } }
    }
    prepare(for: client)
    completeSoon()
  }

  func leave(_ member: Int) {
    guard members.removeValue(forKey: member) != nil else { return }
    world.tell("member \(member) leaves the group")
    prepare()
    completeSoon()
  }

  /// A member has not been heard of for the session's length.
  func expire(_ member: Int) {
    guard members[member] != nil else { return }
    world.pass(.sessionExpired)
    world.tell("the session of member \(member) expires")
    members[member] = nil
    prepare()
    completeSoon()
  }

  /// What a heartbeat is answered.
  enum Pulse { case fine, rebalance, gone, replaced }

  func pulse(_ member: Int?, _ known: Int32) -> Pulse {
    guard let member else { return .gone }
    if isReplaced(member) { return .replaced }
    guard let found = members[member] else { return .gone }
    if isPreparing { return found.hasJoined ? .fine : .rebalance }
    return known == generation ? .fine : .gone
  }

  /// Whether the group does not know this member.
  func isStranger(_ member: Int?) -> Bool { member.map { members[$0] == nil && !isReplaced($0) } ?? true }

  /// Whether another member has this one's instance id; once that one has gone, too, nobody remembers.
  private func isReplaced(_ member: Int) -> Bool {
    guard let instance = instances[member] else { return false }
    return members.contains { $0.key != member && $0.value.instance == instance }
  }

  private func admit(_ id: Int, _ client: any GroupClient, _ instance: Int?, _ attempt: Int) {
    members[id] = Member(client: client, instance: instance, attempt: attempt)
    instances[id] = instance
    client.named(id)
  }

  /// A random id, for the assignor goes by their order; no two are the same.
  private func newID() -> Int {
    count += 1
    return Int.random(in: 1...999, using: &world.random) * 1000 + count
  }

  /// A static member comes back under a new id: where the group is stable it has what it had.
  private func replace(_ old: Int, by client: any GroupClient, _ instance: Int, _ attempt: Int) {
    let id = newID()
    members[old]?.client.heartbeatSoon()
    members[old] = nil
    admit(id, client, instance, attempt)
    world.tell("static member \(old) comes back as \(id)")
    guard !isPreparing else { return completeSoon() }
    world.pass(.staticReturn)
    let own = owners.filter { $0.value == old }.keys.sorted()
    for partition in own { owners[partition] = id }
    inform(id, own)
  }

  private func prepare(for newcomer: (any GroupClient)? = nil) {
    guard !isPreparing else { return }
    isPreparing = true
    round += 1
    let own = round
    for (id, member) in members.sorted(by: { $0.key < $1.key }) where member.client !== newcomer {
      members[id]?.hasJoined = false
      member.client.heartbeatSoon()
    }
    giveUpWaiting(own)
  }

  /// After a while those who have not rejoined are waited for no longer. A static one stays a member until its session ends, and without anybody
  /// who has joined there is nobody to give partitions to.
  private func giveUpWaiting(_ own: Int) {
    world.agenda.after(world.plan.timing.rebalance) { [self] in
      guard isPreparing, round == own else { return }
      world.tell("the rebalance waits no longer")
      members = members.filter { $0.value.hasJoined || $0.value.instance != nil }
      guard members.isEmpty || members.values.contains(where: \.hasJoined) else { return giveUpWaiting(own) }
      complete()
    }
  }

  private func completeSoon() {
    let own = round
    world.agenda.after(Milliseconds.random(in: 10...200, using: &world.random)) { [self] in
      guard isPreparing, round == own, members.values.allSatisfy(\.hasJoined) else { return }
      complete()
    }
  }

  private func complete() {
    isPreparing = false
    generation += 1
    owners = [:]
    let ids = members.keys.sorted()
    guard !ids.isEmpty else { return }
    // The range assignor: one after the other, the first ones have one more.
    var next: Int32 = 0
    for (index, id) in ids.enumerated() {
      let share = partitions / Int32(ids.count) + (Int32(index) < partitions % Int32(ids.count) ? 1 : 0)
      for partition in next..<next + share { owners[partition] = id }
      next += share
    }
    world.tell("generation \(generation): \(owners.sorted { $0.key < $1.key }.map { "\($0.key) to \($0.value)" })")
    for id in ids where members[id]?.hasJoined == true { inform(id, owners.filter { $0.value == id }.keys.sorted()) }
  }

  private func inform(_ id: Int, _ own: [Int32]) {
    guard let member = members[id] else { return }
    member.client.sendJoined(id, generation, own, attempt: member.attempt)
  }

  // MARK: - Offsets

  /// Why a member's offsets are not taken.
  func refusal(of metadata: Metadata) -> Broker.Refusal? {
    if isReplaced(metadata.member) { return .instance }
    guard members[metadata.member] != nil else { return .member }
    return metadata.generation == generation ? nil : .generation
  }

  /// Keeps a transaction's offsets until its marker comes.
  func hold(_ offsets: [Int32: Int64], under identities: [Int32: Identity], of producer: Int) {
    held[producer, default: []].append(Held(offsets: offsets, identities: identities))
  }

  /// The marker comes.
  func release(_ producer: Int, committed: Bool) {
    for held in held.removeValue(forKey: producer) ?? [] where committed {
      commit(held.offsets, under: held.identities)
    }
  }

  func commit(_ new: [Int32: Int64], under names: [Int32: Identity]) {
    for (partition, offset) in new {
      offsets[partition] = offset
      identities[partition] = names[partition]
    }
  }

  /// The committed offsets of these partitions for a read_committed client; nil while a transaction holds one of them (unstable).
  func stableOffsets(_ partitions: [Int32]) -> [Int32: Int64]? {
    let isHeld = held.values.joined().contains { held in partitions.contains { held.offsets[$0] != nil } }
    return isHeld ? nil : offsets.filter { partitions.contains($0.key) }
  }

  func forgetOffsets() {
    offsets = [:]
    identities = [:]
    held = [:]
  }

  /// Whether this member has this partition for all that the group knows.
  func owns(_ member: Int?, _ partition: Int32) -> Bool { member != nil && owners[partition] == member }

  func clear() { members = [:] }
}
