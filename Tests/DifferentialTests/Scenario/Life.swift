/// One life of a producer or of a member: what one initialisation, or one joining, gave. The lives of a transactional id share the id, those of a
/// static member the instance id.
struct Life: Hashable, Comparable, Sendable, CustomStringConvertible {
  /// Which producer, or which member.
  var of: Int
  /// From 1.
  var number: Int

  init(_ of: Int, _ number: Int = 1) {
    self.of = of
    self.number = number
  }

  var description: String { "\(of)/\(number)" }

  static func < (left: Life, right: Life) -> Bool { (left.of, left.number) < (right.of, right.number) }
}
