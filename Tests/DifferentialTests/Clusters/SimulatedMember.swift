@testable import LinkSimulation

/// A member's other end that does nothing by itself.
final class SimulatedMember: GroupClient {
  private let group: GroupCoordinator
  private let instance: Int?
  private(set) var member: Int?
  /// What it was told, one after the other.
  private(set) var generations: [Int32] = []
  private(set) var isWaiting = false
  private(set) var isReplaced = false
  private var attempts = 0

  init(of group: GroupCoordinator, instance: Int?) {
    self.group = group
    self.instance = instance
  }

  var generation: Int32 { generations.last ?? -1 }

  func metadata(age: Int) -> GroupCoordinator.Metadata? {
    guard let member, !generations.isEmpty else { return nil }
    return .init(member: member, generation: generations[max(0, generations.count - 1 - age)])
  }

  func join() {
    isWaiting = true
    attempts += 1
    group.join(self, member: member, instance: instance, attempt: attempts)
  }

  func named(_ id: Int) { member = id }

  /// It beats when a step says so.
  func heartbeatSoon() {}

  func sendJoined(_ id: Int, _ generation: Int32, _ partitions: [Int32], attempt: Int) {
    guard id == member, isWaiting, attempt == attempts else { return }
    isWaiting = false
    if generations.last != generation { generations.append(generation) }
  }

  /// The simulation's members learn by a heartbeat what Kafka answers to their JoinGroup.
  func noteReplacement() {
    guard isWaiting, group.pulse(member, generation) == .replaced else { return }
    isWaiting = false
    isReplaced = true
  }
}
