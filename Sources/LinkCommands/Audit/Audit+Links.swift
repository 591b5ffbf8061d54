import LinkCore

/// Judges links and offsets: state and outcomes tell the same, and each outcome has its request.
extension Audit {
  mutating func judgeLinks() {
    for index in 0..<links.count {
      let link = links[index]
      guard link.hasState || link.hasOutcome else { continue }
      totals.links += 1
      if link.hasOutcome { judgeOrigin(link) }
      if link.hasState {
        judgeState(link, index)
      } else if link.settledReplay >= 0, !rules.isForgettable(link.outcomeTime) {
        findOutcome(.stateMissing, link)
      }
    }
  }

  /// An outcome names a request of its link, and has its scope.
  private mutating func judgeOrigin(_ link: AuditedLink) {
    guard !link.flags.contains(.hasOrigin) else { return }
    let isKept = link.hasState && link.originOffset >= bounds.lows[link.home] ?? 0
    guard !bounds.isCut(link.home) || isKept else { return totals.beyondRetention += 1 }
    let hasOthers = link.flags.contains(.hasRequest) && !link.flags.contains(.hasScope)
    findOutcome(hasOthers ? .scopeChanged : .outcomeWithoutRequest, link)
  }

  private mutating func judgeState(_ link: AuditedLink, _ index: Int) {
    // The outcome may be that of an earlier life of the link, which was forgotten since.
    let isOutcomeOld = link.hasOutcome && rules.isForgettable(link.outcomeTime)
    if link.hasOutcome, link.outcomeFingerprint != link.stateFingerprint, !isOutcomeOld {
      findState(.scopeChanged, link)
    }
    if link.stateReplay < link.settledReplay, !isOutcomeOld { return findState(.stateBehind, link) }
    switch link.state {
    case .none: return
    case .scheduled:
      totals.waiting += 1
      if link.settledReplay >= link.stateReplay, !isOutcomeOld { findState(.stateBehind, link) }
      judgeEarlierReplays(link, index)
    case .succeeded: judgeEnd(link, index, isToken: true)
    case .failed: judgeEnd(link, index, isToken: false)
    }
  }

  private mutating func judgeEnd(_ link: AuditedLink, _ index: Int, isToken: Bool) {
    guard hasOutcome(index, replay: link.stateReplay) else {
      // Older than what the outcomes topic holds: then the state is the evidence.
      if let since = bounds.outcomesSince, link.stateTime <= since { return totals.beyondRetention += 1 }
      return findState(.outcomeMissing, link)
    }
    if link.outcomeReplay == link.stateReplay, link.flags.contains(.isToken) != isToken {
      findState(.stateDiffers, link)
    }
    judgeEarlierReplays(link, index)
  }

  /// Each accepted replay follows a failed outcome.
  private mutating func judgeEarlierReplays(_ link: AuditedLink, _ index: Int) {
    guard bounds.outcomesSince == nil, link.stateReplay > 0 else { return }
    for replay in 0..<link.stateReplay where !hasOutcome(index, replay: replay) {
      return findState(.outcomeMissing, link)
    }
  }

  private mutating func findOutcome(_ kind: AuditFindingKind, _ link: AuditedLink) {
    find(kind, .outcomes, link.outcomePartition, link.outcomeOffset)
  }

  private mutating func findState(_ kind: AuditFindingKind, _ link: AuditedLink) {
    find(kind, .state, link.home, link.stateOffset)
  }

  mutating func judgeOffsets() {
    for partition in 0..<rules.partitionCount {
      guard let committed = bounds.committed[partition] else {
        if statePartitions.contains(partition) { find(.offsetMissing, .requests, partition, nil) }
        continue
      }
      let range =
        (bounds.lowsBefore[partition] ?? 0)...max(bounds.ends[partition] ?? 0, bounds.lowsBefore[partition] ?? 0)
      if !range.contains(committed) { find(.offsetOutOfRange, .requests, partition, committed) }
    }
  }
}
