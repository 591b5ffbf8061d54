/// An error code of Kafka's protocol.
struct WireError: Equatable, CustomStringConvertible {
  let code: Int16

  static let none = WireError(code: 0)
  static let offsetOutOfRange = WireError(code: 1)
  static let coordinatorLoading = WireError(code: 14)
  static let coordinatorAway = WireError(code: 15)
  static let notCoordinator = WireError(code: 16)
  static let notEnoughReplicas = WireError(code: 19)
  static let messageTooLarge = WireError(code: 10)
  static let illegalGeneration = WireError(code: 22)
  static let unknownMember = WireError(code: 25)
  static let rebalanceInProgress = WireError(code: 27)

  static let invalidProducerEpoch = WireError(code: 47)
  static let invalidTransactionState = WireError(code: 48)
  static let concurrentTransactions = WireError(code: 51)
  static let memberIDRequired = WireError(code: 79)
  static let fencedInstance = WireError(code: 82)
  static let unstableOffsets = WireError(code: 88)
  static let producerFenced = WireError(code: 90)

  /// Whether a client asks again without telling anybody. A broker whose check with the coordinator met the last transaction's markers says to
  /// clients that know no better that it has not enough replicas.
  var isRetried: Bool {
    [.coordinatorLoading, .coordinatorAway, .notCoordinator, .concurrentTransactions, .notEnoughReplicas].contains(self)
  }

  var description: String { "error \(code)" }
}
