import LinkCore
import LinkFailpoints

/// One death of a worker: where it comes, and whether its disk goes with it.
struct Kill: Hashable, CustomStringConvertible {
  var point: Failpoint
  /// At the how many-th time that the worker reaches the place.
  var count: Int
  /// Whether the store is removed before the worker starts again.
  var wipes: Bool

  /// The rule that kills.
  var rule: String { "\(point.rawValue):kill@\(count)" }

  var description: String { rule + (wipes ? ", disk wiped" : ", disk kept") }

  /// Whether the worker comes there only when the group parts its partitions anew.
  var needsRebalance: Bool {
    switch point {
    case .revoking, .revoked: true
    case .absorbed, .restored, .received, .called, .answered, .journaled, .committing, .produced, .prepared, .committed,
      .ended, .applied:
      false
    }
  }

  /// Every failpoint with the disk kept and with the disk wiped, in an order and at counts that the seed draws.
  static func all(by random: inout SeededRandom) -> [Kill] {
    let kills = Failpoint.allCases.flatMap { point in
      [false, true].map { wipes in
        Kill(point: point, count: Int.random(in: 1...countLimit(point), using: &random), wipes: wipes)
      }
    }
    return kills.shuffled(using: &random)
  }

  /// How often a worker is sure to come there soon.
  private static func countLimit(_ point: Failpoint) -> Int {
    switch point {
    case .absorbed, .restored, .revoking, .revoked: 1
    case .received, .called, .answered: 12
    case .journaled, .committing, .produced, .prepared, .committed, .ended, .applied: 4
    }
  }
}
