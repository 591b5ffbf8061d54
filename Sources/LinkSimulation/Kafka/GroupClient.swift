/// What the group's coordinator knows of a member's other end: a worker's consumer.
protocol GroupClient: AnyObject {
  /// The id that it has taken.
  var member: Int? { get }

  /// The coordinator has made it a member; without delay, for the answer that says so is the one with the generation.
  func named(_ id: Int)

  /// Something has happened that its next heartbeat will be told.
  func heartbeatSoon()

  /// The answer to its JoinGroup, and what the SyncGroup after it brings, are sent on their way.
  func sendJoined(_ id: Int, _ generation: Int32, _ partitions: [Int32], attempt: Int)
}
