/// The requests that are sent, in the versions that librdkafka 2.0.2 sends (the describing ones, which it does not know, in their first).
enum KafkaAPI: Int16 {
  case produce = 0
  case fetch = 1
  case listOffsets = 2
  case offsetFetch = 9
  case findCoordinator = 10
  case joinGroup = 11
  case heartbeat = 12
  case leaveGroup = 13
  case syncGroup = 14
  case describeGroups = 15
  case deleteRecords = 21
  case initProducerId = 22
  case addPartitionsToTxn = 24
  case addOffsetsToTxn = 25
  case endTxn = 26
  case txnOffsetCommit = 28
  case describeTransactions = 65

  var version: Int16 {
    switch self {
    case .produce: 7
    case .fetch: 11
    case .listOffsets: 2
    case .offsetFetch: 7
    case .findCoordinator: 1
    case .joinGroup: 5
    case .heartbeat: 3
    case .leaveGroup: 1
    case .syncGroup: 3
    case .describeGroups: 0
    case .deleteRecords: 0
    case .initProducerId: 1
    case .addPartitionsToTxn: 0
    case .addOffsetsToTxn: 0
    case .endTxn: 1
    case .txnOffsetCommit: 3
    case .describeTransactions: 0
    }
  }

  /// Whether the version has the compact form.
  var isCompact: Bool {
    switch self {
    case .offsetFetch, .txnOffsetCommit, .describeTransactions: true
    case .produce, .fetch, .listOffsets, .findCoordinator, .joinGroup, .heartbeat, .leaveGroup, .syncGroup,
      .describeGroups,
      .deleteRecords, .initProducerId, .addPartitionsToTxn, .addOffsetsToTxn, .endTxn:
      false
    }
  }
}
