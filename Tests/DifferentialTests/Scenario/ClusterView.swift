/// All that a worker can see of a cluster.
struct ClusterView: Equatable, Sendable {
  var partitions: [Place: Partition] = [:]
  /// The group's offsets of the requests, as a read_uncommitted client gets them: without a word about those that are pending.
  var offsets: [Int32: Int64] = [:]
  /// The partitions whose offsets a read_committed client has to wait for.
  var unstable: Set<Int32> = []
  /// What the members were told last.
  var memberships: [Life: Membership] = [:]

  struct Partition: Equatable, Sendable {
    /// Of a read_uncommitted client, and of a read_committed one: the last stable offset.
    var end: Int64 = 0
    var stableEnd: Int64 = 0
    /// What each of the two reads.
    var uncommitted: [Record] = []
    var committed: [Record] = []
    /// Where the read_committed one stands then.
    var position: Int64 = 0
  }

  struct Membership: Equatable, Sendable, CustomStringConvertible {
    /// None before the first one.
    var generation: Int32?
    /// It has asked to join, and has no answer.
    var isWaiting = false
    /// It has asked to join, and was told that another has its instance id.
    var isReplaced = false

    var description: String {
      let generation = generation.map { "generation \($0)" } ?? "no generation"
      return generation + (isWaiting ? ", waiting" : "") + (isReplaced ? ", replaced" : "")
    }
  }
}
