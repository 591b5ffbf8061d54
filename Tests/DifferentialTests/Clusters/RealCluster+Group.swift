import LinkCore
import LinkSandbox
import LinkTestSupport

/// The group coordinator, and what members send.
extension RealCluster {
  func arrive(_ member: Int) throws -> Answer {
    let new = try RealMember(
      bootstrap: kafka.bootstrap, instance: settings.statics.contains(member) ? "\(name).\(member)" : nil,
      session: settings.mortals.contains(member) ? 1500 : 120_000,
      rebalance: settings.rebalancesGiveUp ? 1500 : 120_000)
    members[Life(member, 1 + members.keys.count { $0.of == member })] = new
    try join(new)
    return .done
  }

  func rejoin(_ lives: [Life]) throws -> Answer {
    for life in lives { try join(member(life)) }
    return .done
  }

  private func join(_ member: RealMember) throws {
    // Another question while the first one waits is a question on another connection.
    guard !member.isWaiting else { throw Missing("The answer to \(member.id)'s JoinGroup before") }
    try sendJoin(member)
  }

  private func sendJoin(_ member: RealMember) throws {
    var subscription = WireWriter()
    subscription.integer(Int16(0))
    subscription.list([topic(.requests)]) { $0.string($1) }
    subscription.data(nil)
    member.awaited = .joinGroup
    try member.connection.send(.joinGroup) { request in
      request.string(group)
      request.integer(member.session)
      request.integer(member.rebalance)
      request.string(member.id)
      request.string(member.instance)
      request.string("consumer")
      request.list(["range"]) { request, name in
        request.string(name)
        request.data(subscription.bytes)
      }
    }
  }

  /// Takes what answers there are, and says whether nothing more will come of what was asked.
  func groupRests() throws -> Bool {
    for member in members.values where member.connection.hasAnswer {
      if member.awaited == .joinGroup { try takeJoined(member) } else { try takeSynchronised(member) }
    }
    let waiting = members.values.count(where: \.isWaiting)
    guard waiting > 0 else { return true }
    // Somebody is waited for who has not asked.
    let group = try describeGroup()
    return group.state == "PreparingRebalance" && group.members.count > waiting
  }

  private func takeJoined(_ member: RealMember) throws {
    var answer = try member.connection.receive(.joinGroup)
    _ = try answer.take(4)
    let error = try answer.error()
    let generation: Int32 = try answer.integer()
    _ = try answer.string()
    let leader = try answer.string()
    let id = try answer.string() ?? ""
    let others = try answer.list { other in
      let id = try other.string() ?? ""
      _ = try other.string()
      _ = try other.data()
      return id
    }
    switch error {
    case .none:
      member.id = id
      if member.generation != generation { member.generations.append(generation) }
      try synchronise(member, leading: leader == id ? others : [])
    case .memberIDRequired:
      member.id = id
      try sendJoin(member)
    case .unknownMember:
      // A client forgets its id and asks anew.
      member.id = ""
      try sendJoin(member)
    case .fencedInstance:
      member.awaited = nil
      member.isReplaced = true
    default: throw Missing("A generation, not \(error)")
    }
  }

  /// SyncGroup: what the leader gives to the others is nothing here, for the broker does not look at it.
  private func synchronise(_ member: RealMember, leading others: [String]) throws {
    member.awaited = .syncGroup
    try member.connection.send(.syncGroup) { request in
      request.string(group)
      request.integer(member.generation)
      request.string(member.id)
      request.string(member.instance)
      request.list(others) { request, id in
        request.string(id)
        request.data([])
      }
    }
  }

  private func takeSynchronised(_ member: RealMember) throws {
    var answer = try member.connection.receive(.syncGroup)
    _ = try answer.take(4)
    let error = try answer.error()
    guard error == .none else { throw Missing("Partitions, not \(error)") }
    member.awaited = nil
  }

  func leave(_ member: RealMember) throws -> Answer {
    var answer = try connection.ask(.leaveGroup) {
      $0.string(group)
      $0.string(member.id)
    }
    _ = try answer.take(4)
    return Answer(try answer.error())
  }

  func expire(_ life: Life) throws -> Answer {
    let member = try member(life)
    try awaiting("The end of the session of \(life)", within: Self.patience) {
      try keepAlive(but: life)
      return try !describeGroup().members.contains(member.id)
    }
    return .done
  }

  func giveUpWaiting() throws -> Answer {
    try awaiting("The end of the rebalance", within: Self.patience) {
      try describeGroup().state != "PreparingRebalance"
    }
    return .done
  }

  func beat(_ member: RealMember) throws -> Answer {
    var answer = try connection.ask(.heartbeat) { request in
      request.string(group)
      request.integer(member.generation)
      request.string(member.id)
      request.string(member.instance)
    }
    _ = try answer.take(4)
    switch try answer.error() {
    // A client does the same after both.
    case .illegalGeneration, .unknownMember: return .gone
    case let error: return Answer(error)
    }
  }

  /// Members with a short session beat between the steps, too.
  func keepAlive(but silent: Life? = nil) throws {
    for (life, member) in members
    where settings.mortals.contains(life.of) && life != silent && !member.isWaiting && !member.id.isEmpty {
      _ = try beat(member)
    }
  }

  private func describeGroup() throws -> (state: String, members: [String]) {
    var answer = try connection.ask(.describeGroups) { $0.list([group]) { $0.string($1) } }
    let found = try answer.list { group in
      let error = try group.error()
      guard error == .none else { throw Missing("The group's description, not \(error)") }
      _ = try group.string()
      let state = try group.string() ?? ""
      _ = try group.string()
      _ = try group.string()
      let members = try group.list { member in
        let id = try member.string() ?? ""
        _ = try member.string()
        _ = try member.string()
        _ = try member.data()
        _ = try member.data()
        return id
      }
      return (state: state, members: members)
    }
    guard let group = found.first else { throw Missing("A group") }
    return group
  }
}
