import LinkCore

/// What people are told of what came.
extension Sighting {
  /// Whether it answers the request: token-ready, failed, refused.
  var isOutcome: Bool {
    switch sight {
    case .tokenReady, .failed, .refused: true
    case .deadLetter, .moved, .untoldCalls, .unreadable: false
    }
  }

  /// Its colour.
  var style: StyledLine.Style? {
    switch sight {
    case .tokenReady(.some, _): .green
    case .moved: .dim
    case .failed, .refused, .deadLetter: .yellow
    case .tokenReady(nil, _), .untoldCalls, .unreadable: .red
    }
  }

  /// In a sentence.
  var sentence: StyledLine {
    guard case .tokenReady(let grant, let attempts) = sight else {
      return StyledLine("committed: \(sight.description.plain(limit: 80))", style)
    }
    let verdict = grant.map { "verified: \($0)" } ?? "NOT VERIFIED: it grants something else than its event says"
    return StyledLine("committed: a token (\(verdict)) after \(Sight.calls(attempts))", style)
  }

  /// In a few words, as the end of its row.
  var short: String {
    switch sight {
    case .tokenReady(let grant?, _): "token for \(grant.accounts.forPeople)"
    case .tokenReady(nil, _): "a token that grants something else"
    case .failed, .refused, .deadLetter, .moved, .untoldCalls, .unreadable: sight.description.plain(limit: 60)
    }
  }

  /// The detail, but where a dead letter says the same: of a refused request that is malformed.
  var note: String? {
    sight == .refused(RefusalCode.invalidRequest.rawValue) ? nil : detail.map { $0.plain(limit: 300) }
  }
}
