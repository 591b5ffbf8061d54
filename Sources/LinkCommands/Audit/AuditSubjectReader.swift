import LinkCore

/// Reads from a record whom it is about.
struct AuditSubjectReader {
  /// The topic of the records.
  var role: TopicRole
  /// `event.max.bytes`.
  var eventByteLimit: Int

  /// What the record says; nothing where it cannot be read.
  func subject(of record: SourceRecord) -> AuditSubject {
    switch role {
    // A dead letter has key, value and headers as they were.
    case .requests, .deadLetters: request(record)
    case .outcomes: outcome(record)
    case .state: state(record)
    }
  }

  private func request(_ record: SourceRecord) -> AuditSubject {
    switch RequestReader(eventMaxBytes: eventByteLimit).read(record) {
    case .link(let request): AuditSubject(request.identity)
    case .replay(let request): AuditSubject(request.identity)
    case .malformed(_, let identity?): AuditSubject(identity)
    case .malformed(_, nil), .unknownType, .empty: AuditSubject()
    }
  }

  private func outcome(_ record: SourceRecord) -> AuditSubject {
    guard let outcome = SeenOutcome(record) else { return AuditSubject() }
    return AuditSubject(
      userID: outcome.key?.userId, idempotencyKey: outcome.key?.idempotencyKey, requestID: outcome.requestID,
      requestSource: outcome.requestSource)
  }

  private func state(_ record: SourceRecord) -> AuditSubject {
    guard case .link(let key)? = record.key.flatMap({ StateKey(encoded: $0) }) else { return AuditSubject() }
    return AuditSubject(userID: key.userId, idempotencyKey: key.idempotencyKey)
  }
}

extension AuditSubject {
  fileprivate init(_ identity: RequestIdentity) {
    self.init(
      userID: identity.userId, idempotencyKey: identity.idempotencyKey, requestID: identity.id,
      requestSource: identity.source)
  }
}

extension AuditFindingKind {
  /// Whether its place is a record's, and not a committed offset.
  var isAboutRecord: Bool { self != .offsetMissing && self != .offsetOutOfRange }
}
