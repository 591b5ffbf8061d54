import LinkCore
import LinkCrypto

extension Link {
  /// A link of made-up data, whose request came at 1 000 000 ms.
  static func sample(
    user: Int64 = 14601, key: Text = "tv-9b1d", _ state: State, brokers: [Text] = ["northwind"],
    attempts: [Attempt] = [], replays: [AcceptedReplay] = [], deadline: Timestamp? = nil
  ) -> Link {
    let scope = LinkScope(brokerNames: brokers, accounts: .some([6_230_011]), isVerified: nil)
    var link = Link(
      key: LinkKey(userId: user, idempotencyKey: key), fingerprint: scope.fingerprint(userId: user, sha256: sha256),
      state: state,
      request: LinkRequest(
        id: "r-1", source: "/client-area", userId: user, idempotencyKey: key, scope: scope, deadline: deadline),
      origin: .init(partition: 3, offset: 128, timestamp: Timestamp(milliseconds: 1_000_000)),
      attemptCount: attempts.count, ambiguousCount: attempts.count { $0.verdict == .ambiguous }, attempts: attempts,
      replay: replays.count, replays: replays)
    // As it comes out of Kafka.
    if case .succeeded = state { link.request = nil }
    return link
  }

  /// Its record of the state topic.
  func record(offset: Int64, partition: Int32 = 0) -> SourceRecord {
    let encoded = StateRecord.link(self).encoded()
    return SourceRecord(
      partition: partition, offset: offset, timestamp: origin.timestamp, key: encoded.key, value: encoded.value)
  }
}
