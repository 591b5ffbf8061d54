import LinkCore

/// Judges the requests: each has exactly one end.
extension Audit {
  /// Judges all that was taken; the bounds have to be there.
  mutating func judge() {
    for index in 0..<requests.count { judge(requests[index]) }
    judgeMoves()
    judgeRefusals()
    judgeLetters()
    judgeLinks()
    judgeOffsets()
  }

  private func isSettled(_ place: AuditPlace) -> Bool { place.offset < bounds.committed[place.partition] ?? 0 }

  private mutating func judge(_ request: AuditedRequest) {
    let isSettled = isSettled(request.place)
    if !isSettled { totals.unsettled += 1 }
    let letter = letters[request.place]
    if letter != nil { letters[request.place]?.isMatched = true }
    switch request.kind {
    case .skipped: totals.skipped += 1
    case .astray: judgeAstray(request, isSettled, letter)
    case .legible: judgeMalformed(request, isSettled, letter, isLegible: true)
    case .illegible: judgeMalformed(request, isSettled, letter, isLegible: false)
    case .link: judgeLinkRequest(request, isSettled, letter)
    case .replay: judgeReplay(request, isSettled, letter)
    }
  }

  private mutating func judgeAstray(_ request: AuditedRequest, _ isSettled: Bool, _ letter: AuditedLetters?) {
    if letter != nil { find(.deadLetterUnfounded, .requests, request.place) }
    let home = Int32(request.link)
    guard let move = moves.removeValue(forKey: request.place) else {
      guard isSettled else { return }
      return bounds.isCut(home) ? totals.beyondRetention += 1 : find(.requestLost, .requests, request.place)
    }
    totals.moved += 1
    if move.place.partition != home || move.refusal != request.refusal {
      find(.movedAstray, .requests, move.place)
    }
    repeated(Int(move.count) - 1, .movedTwice, request.place)
  }

  private mutating func judgeMalformed(
    _ request: AuditedRequest, _ isSettled: Bool, _ letter: AuditedLetters?, isLegible: Bool
  ) {
    if let letter, letter.isExpired { find(.deadLetterUnfounded, .requests, request.place) }
    let isRefused = isLegible && refusals[request.refusal] != nil
    guard isSettled else { return isLegible ? expect(request, 0...1, [.invalidRequest]) : () }
    if letter == nil, !isGone(request.timestamp, since: bounds.deadLettersSince) {
      find(isRefused ? .deadLetterMissing : .requestLost, .requests, request.place)
      return isRefused ? expect(request, 1...1, [.invalidRequest]) : ()
    }
    if isLegible { expect(request, 1...1, [.invalidRequest], missing: .refusalMissing) }
  }

  private mutating func judgeLinkRequest(_ request: AuditedRequest, _ isSettled: Bool, _ letter: AuditedLetters?) {
    let link = links[Int(request.link)]
    let isOrigin = noteRequest(request)
    let isOld = rules.isForgettable(request.timestamp)
    if let letter, isSettled {
      guard letter.isExpired else { return find(.deadLetterUnfounded, .requests, request.place) }
      if isOrigin { find(.twoEnds, .requests, request.place) }
      return expect(request, 1...1, [.requestExpired], missing: .refusalMissing)
    }
    let fitting: [RefusalCode] = [.idempotencyConflict, .requestExpired]
    guard isSettled else { return expect(request, 0...1, fitting) }
    if link.isOf(request.fingerprint) {
      if !isOrigin { totals.duplicates += 1 }
      return expect(request, 0...(isOld || link.flags.contains(.isRenewed) ? 1 : 0), fitting)
    }
    // What was forgotten may have been of any scope.
    guard isOld || link.flags.contains(.isRenewed) else { return expect(request, 1...1, fitting) }
    if refusals[request.refusal] == nil { totals.beyondRetention += 1 }
    expect(request, 0...1, fitting)
  }

  /// Notes which of its links' evidence a request answers for, and whether it is the one that made the link.
  private mutating func noteRequest(_ request: AuditedRequest) -> Bool {
    let position = Int(request.link)
    var flags = links[position].flags.union(.hasRequest)
    let link = links[position]
    if link.hasOutcome, request.fingerprint == link.outcomeFingerprint { flags.insert(.hasScope) }
    let isNamed = link.hasOutcome && request.name == link.outcomeName
    let isOrigin =
      link.hasState
      ? link.originOffset == request.place.offset && link.home == request.place.partition
      : isNamed && !link.flags.contains(.hasOrigin)
    if isNamed { flags.insert(.hasOrigin) }
    links[position].flags = flags
    return isOrigin
  }

  private mutating func judgeReplay(_ request: AuditedRequest, _ isSettled: Bool, _ letter: AuditedLetters?) {
    let isAccepted = acceptedReplays.contains(request.fingerprint)
    if isAccepted { totals.replays += 1 }
    if let letter, isSettled {
      guard letter.isExpired else { return find(.deadLetterUnfounded, .requests, request.place) }
      return expect(request, 1...1, [.requestExpired], missing: .refusalMissing)
    }
    let fitting: [RefusalCode] = [.replayRefused, .requestExpired]
    guard !isAccepted else {
      // Of the records of one event all but one may have been refused before that one was accepted; another may have been deleted.
      let isFirst = judgedReplays.insert(request.fingerprint).inserted
      return expect(request, 0...(isFirst && !bounds.isCut ? 0 : 1), fitting)
    }
    guard isSettled else { return expect(request, 0...1, fitting) }
    guard rules.isForgettable(request.timestamp) else { return expect(request, 1...1, fitting) }
    if refusals[request.refusal] == nil { totals.beyondRetention += 1 }
    expect(request, 0...1, fitting)
  }

  /// Whether what was made of a request can have been deleted from a topic that has everything only since a moment.
  private func isGone(_ timestamp: Timestamp, since: Timestamp?) -> Bool { since.map { timestamp <= $0 } ?? false }

  /// A request may be refused so often.
  private mutating func expect(
    _ request: AuditedRequest, _ range: ClosedRange<Int32>, _ fitting: [RefusalCode],
    missing: AuditFindingKind = .requestLost
  ) {
    var least = range.lowerBound
    if refusals[request.refusal] == nil {
      guard least > 0 else { return }
      // Its refusal may have been deleted.
      guard !isGone(request.timestamp, since: bounds.outcomesSince) else { return totals.beyondRetention += 1 }
    } else if isGone(request.timestamp, since: bounds.outcomesSince) {
      least = 0
    }
    var entry = refusals[request.refusal, default: AuditedRefusals()]
    entry.least += least
    entry.most += range.upperBound
    for code in fitting { entry.fitting |= code.bit }
    entry.request = request.place
    entry.missing = missing
    if letters[request.place]?.isExpired == true { entry.expiredLetters += 1 }
    refusals[request.refusal] = entry
  }

  private mutating func judgeRefusals() {
    for (_, entry) in refusals.sorted(by: { $0.key < $1.key }) {
      guard let request = entry.request else {
        // The requests of no record: all of them were read, unless they were deleted.
        guard let place = entry.place else { continue }
        bounds.isCut ? totals.beyondRetention += 1 : find(.refusalWithoutRequest, .outcomes, place)
        continue
      }
      if entry.count < entry.least {
        for _ in 0..<entry.least - entry.count { find(entry.missing, .requests, request) }
      }
      if entry.reasons & ~entry.fitting != 0 { find(.refusalUnfounded, .requests, request) }
      if entry.count > 0, entry.most == 0 {
        find(.twoEnds, .requests, request)
      } else {
        repeated(Int(entry.count) - Int(entry.most), .refusedTwice, request)
      }
      if entry.reasons & RefusalCode.requestExpired.bit != 0, entry.expiredLetters == 0, entry.most > 0,
        bounds.deadLettersSince == nil
      {
        find(.deadLetterMissing, .requests, request)
      }
    }
  }

  private mutating func judgeMoves() {
    for (from, move) in moves.sorted(by: { $0.key < $1.key }) {
      if bounds.isBeyond(from) {
        totals.beyondRetention += 1
      } else if from.offset < bounds.ends[from.partition] ?? .max {
        find(.movedWithoutSource, .requests, move.place)
      }
    }
  }

  private mutating func judgeLetters() {
    for (place, entry) in letters.sorted(by: { $0.key < $1.key }) {
      if entry.isMatched {
        repeated(Int(entry.count) - 1, .deadLetterTwice, place)
      } else if bounds.isBeyond(place) {
        totals.beyondRetention += 1
      } else {
        find(.deadLetterWithoutRequest, .deadLetters, entry.place)
      }
    }
  }

  /// So many are there again: a finding, unless somebody has set the offsets back.
  private mutating func repeated(_ count: Int, _ kind: AuditFindingKind, _ request: AuditPlace) {
    guard count > 0 else { return }
    if rules.isAfterReset { totals.repeated += count } else { find(kind, .requests, request) }
  }
}
