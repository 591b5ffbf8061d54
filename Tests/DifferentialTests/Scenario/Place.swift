import LinkCore

/// A partition that scenarios write to.
struct Place: Hashable, Comparable, Sendable, CustomStringConvertible {
  var topic: TopicRole
  var partition: Int32

  static let requests0 = Place(topic: .requests, partition: 0)
  static let state0 = Place(topic: .state, partition: 0)
  static let state1 = Place(topic: .state, partition: 1)
  static let outcomes = Place(topic: .outcomes, partition: 0)

  /// What the simulated broker tells apart: it has one partition of outcomes and of dead letters.
  static let all: [Place] = [
    .requests0, Place(topic: .requests, partition: 1), .state0, .state1, .outcomes,
    Place(topic: .deadLetters, partition: 0),
  ]

  static func partitions(of topic: TopicRole) -> [Int32] { all.filter { $0.topic == topic }.map(\.partition) }

  var description: String { "\(topic.rawValue)/\(partition)" }

  static func < (left: Place, right: Place) -> Bool {
    (left.topic.rawValue, left.partition) < (right.topic.rawValue, right.partition)
  }
}

/// What a record says: a key, and a value or none.
struct Item: Hashable, Sendable, CustomStringConvertible {
  var key: Int64
  /// nil for a tombstone.
  var value: Int64?

  init(_ key: Int64, _ value: Int64?) {
    self.key = key
    self.value = value
  }

  var description: String { "\(key)=\(value.map { "\($0)" } ?? "-")" }
}
