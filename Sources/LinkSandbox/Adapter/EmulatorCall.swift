public import LinkCore

/// One call of `/generate/token`, as an emulator tells of it when its answer leaves. It holds neither credential nor token.
public struct EmulatorCall: Equatable, Sendable {
  /// When the call was there as a whole.
  public var receivedAt: Timestamp
  /// Who called; nil where the call was not read as far as that.
  public var userId: Int64?
  /// What was answered.
  public var kind: EmulatorAnswerClass
  /// The status that its caller sees; nil where it sees none.
  public var status: Int?
  /// From then until the answer began to leave, or was given up.
  public var duration: Milliseconds
}

/// What an emulator's answers are counted by: what the caller sees, whatever the reason.
public enum EmulatorAnswerClass: String, Sendable, CaseIterable {
  /// A token.
  case ok
  /// A status from 500 to 599.
  case serverError = "5xx"
  /// 429: too many calls.
  case tooMany = "429"
  /// 401: a missing or wrong credential, or so told.
  case unauthorized = "401"
  /// 403.
  case forbidden = "403"
  /// Another status from 400 to 499.
  case clientError = "4xx"
  /// `s` = `error` with a status below 300.
  case rejected = "error"
  /// A status from 300 to 399.
  case redirect
  /// No answer at all.
  case hang
  /// A closed connection; no token was made.
  case cut
  /// A closed connection; a token was made.
  case lost
  /// Half of an answer.
  case truncate
  /// One byte after the other.
  case drip
  /// 100 MB.
  case huge
  /// Status 200 with what is no answer of an adapter.
  case garbage
  /// Anything during an outage.
  case outage

  /// The class of a status other than a success.
  init(status: Int) {
    self =
      switch status {
      case 401: .unauthorized
      case 403: .forbidden
      case 429: .tooMany
      case 500...: .serverError
      case 400...: .clientError
      case 300...: .redirect
      default: .rejected
      }
  }

  init(_ failure: EmulatorRule.Failure?) {
    switch failure {
    case nil: self = .ok
    case .rejected: self = .rejected
    case .status(let status, _, _): self.init(status: status)
    case .fault(let fault):
      self =
        switch fault {
        case .hang: .hang
        case .cut: .cut
        case .lost: .lost
        case .truncate: .truncate
        case .drip: .drip
        case .huge: .huge
        case .garbage, .notJSON, .noS, .empty: .garbage
        }
    }
  }
}
