import LinkCore
import LinkSandbox

/// What a campaign of kills does: drawn from a seed.
struct KillPlan {
  var seed: UInt64
  /// Workers at a time, 1 to 3.
  var workerCount: Int
  /// Whether the workers are static members of the group with names of their own, so that a restart moves no partition and finds its own open
  /// transaction. Else each partition of a dead one goes to others after its session, behind its open transaction.
  var isStatic: Bool
  var kills: [Kill]

  /// Every failpoint, with the disk kept and wiped, once.
  init(seed: UInt64, workerCount: Int, isStatic: Bool) {
    self.seed = seed
    self.workerCount = workerCount
    self.isStatic = isStatic
    var random = SeededRandom(seed: seed)
    kills = Kill.all(by: &random)
  }

  /// The same, with workers and membership of the seed's choice.
  init(seed: UInt64) {
    var random = SeededRandom(seed: seed &+ 0x5EED)
    self.init(
      seed: seed, workerCount: Int.random(in: 1...3, using: &random),
      isStatic: Int.random(in: 0..<3, using: &random) > 0)
  }
}
