import LinkCrypto
import LinkSimulation
import Testing

@Suite("The deliberate errors")
struct MutantTests {
  @Test("Each is found, by a seed under which the protocol itself holds", arguments: Mutant.allCases)
  func found(_ mutant: Mutant) {
    let seed = Self.seed(of: mutant)
    let history = History(seed: seed, mutant: mutant, sha256: sha256)
    #expect(!history.violations.isEmpty, "linkworker simulate --mutant \(mutant.rawValue) names another seed.")
    #expect(History(seed: seed, sha256: sha256).violations.isEmpty)
  }

  /// A seed that finds it.
  private static func seed(of mutant: Mutant) -> UInt64 {
    switch mutant {
    case .localStoreOnly: 1_100_000
    case .appliedBeforeCommit: 5
    case .offsetsPastUnsettled: 1_100_003
    case .offsetsOutside: 8
    case .noFenceUnmoved: 1_100_025
    case .onlyMovedOffsetsFirst: 1_100_048
    case .noConflictMark: 1_100_003
    case .noDeadLetterMark: 2
    case .invalidOffsetFence: 1_100_025
    case .markMatchesAll: 1_100_666
    case .unknownIsCommitted: 1_100_096
    case .unknownIsAborted: 1_100_003
    case .tailWithoutNewProducer: 1_100_067
    case .keptAfterResentCommit: 1_100_034
    case .keptAfterAbort: 447
    case .droppedUsedAgain: 1_100_067
    case .survivesRevoke: 1_100_020
    case .generationAtSend: 1_100_007
    case .callsForgotten: 1_100_016
    case .answersDropped: 1_100_028
    case .stableStateEnd: 1_100_111
    case .restoreNotAwaited: 1_100_004
    case .journalNotRead: 1_100_001
    case .journalUnchecked: 1_101_448
    case .movedOutside: 1_100_004
    case .movedAstray: 1_100_001
    case .lanesDropped: 1_100_000
    case .purgeOutside: 1_100_066
    case .fingerprintIgnored: 1_100_000
    }
  }
}
