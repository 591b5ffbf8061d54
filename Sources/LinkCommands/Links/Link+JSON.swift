import LinkCore

extension JSONWriter {
  /// What has become of a link: `state`, then `due`, or `at` and the `code` of a failure.
  mutating func members(of state: Link.State) {
    switch state {
    case .scheduled(let due):
      member("state", "scheduled")
      member("due", due)
    case .succeeded(let at):
      member("state", "succeeded")
      member("at", at)
    case .failed(let at, let code):
      member("state", "failed")
      member("at", at)
      member("code", code.rawValue)
    }
  }

  /// What `links list` and `links show` both say of a link. The moments are RFC 3339; a link that has succeeded has no `brokerNames`.
  mutating func members(of link: Link) {
    member("userId", link.key.userId)
    member("idempotencyKey", link.key.idempotencyKey)
    members(of: link.state)
    member("decidedAt", link.decidedAt)
    count("attempts", link.attemptCount)
    count("ambiguous", link.ambiguousCount)
    count("replay", link.replay)
    member("partition", Int64(link.origin.partition))
    member("offset", link.origin.offset)
    member("recordTime", link.origin.timestamp)
  }
}
