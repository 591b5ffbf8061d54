/// What makes a link one link: who asked, and the key that the asker gave it.
public struct LinkKey: Hashable, Comparable, Sendable, CustomStringConvertible {
  /// The cTID, 1 … 2⁶³−1.
  public var userId: Int64
  /// The asker's own, 1-255 characters without control characters; or `source#id`, which may be longer.
  public var idempotencyKey: Text

  /// Names a link.
  public init(userId: Int64, idempotencyKey: Text) {
    self.userId = userId
    self.idempotencyKey = idempotencyKey
  }

  /// `USER/KEY`, as the commands take it.
  public var description: String { "\(userId)/\(idempotencyKey)" }

  /// By user, then by the key's bytes.
  public static func < (left: LinkKey, right: LinkKey) -> Bool {
    (left.userId, left.idempotencyKey) < (right.userId, right.idempotencyKey)
  }
}
