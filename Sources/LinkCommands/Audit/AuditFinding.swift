import LinkCore

/// Something that an audit has found, and the record by which it can be looked at.
struct AuditFinding: Hashable {
  /// What is wrong.
  var kind: AuditFindingKind
  /// In which topic the record is.
  var topic: TopicRole
  /// Its place there; of a finding about offsets the committed offset, or nothing where there is none.
  var partition: Int32
  /// See `partition`.
  var offset: Int64?
  /// What the record says of itself; read only for the findings that are told.
  var subject = AuditSubject()

  /// By kind, then by place.
  func precedes(_ other: AuditFinding) -> Bool {
    (kind.rawValue, topic.rawValue, partition, offset ?? -1)
      < (other.kind.rawValue, other.topic.rawValue, other.partition, other.offset ?? -1)
  }
}

/// Whom a record is about, as far as it says so.
struct AuditSubject: Hashable {
  /// The user.
  var userID: Int64?
  /// The link's key.
  var idempotencyKey: Text?
  /// The id of the request.
  var requestID: Text?
  /// The source of the request.
  var requestSource: Text?
}
