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

  @Test(
    "Whoever lets quiet users wait for others is found by just that",
    arguments: [Mutant.oneQueueForAll, .hangForgotten])
  func foundByWaiting(_ mutant: Mutant) {
    let history = History(seed: Self.seed(of: mutant), mutant: mutant, sha256: sha256)
    #expect(history.violations.first?.hasPrefix("P4: ") == true, "\(history.violations)")
  }

  /// A seed that finds it.
  private static func seed(of mutant: Mutant) -> UInt64 {
    switch mutant {
    case .localStoreOnly: 1
    case .appliedBeforeCommit: 5
    case .offsetsPastUnsettled: 3
    case .offsetsOutside: 8
    case .noFenceUnmoved: 8
    case .onlyMovedOffsetsFirst: 4
    case .noConflictMark: 2
    case .noDeadLetterMark: 2
    case .invalidOffsetFence: 8
    case .markMatchesAll: 736
    case .unknownIsCommitted: 69
    case .unknownIsAborted: 2
    case .tailWithoutNewProducer: 36
    case .keptAfterResentCommit: 77
    case .keptAfterAbort: 447
    case .droppedUsedAgain: 36
    case .survivesRevoke: 77
    case .generationAtSend: 87
    case .callsForgotten: 3
    case .answersDropped: 9
    case .stableStateEnd: 317
    case .restoreNotAwaited: 1
    case .journalNotRead: 1
    case .journalUnchecked: 50
    case .movedOutside: 3
    case .movedAstray: 1
    case .lanesDropped: 9
    case .purgeOutside: 29
    case .fingerprintIgnored: 2
    case .deadlineIgnored: 13
    case .replayAcceptedTwice: 8
    case .credentialCountedAsFailure: 45
    case .breakerNeverOpens: 17
    case .oneQueueForAll: 13
    case .hangForgotten: 13
    }
  }
}
