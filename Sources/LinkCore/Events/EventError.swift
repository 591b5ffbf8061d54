/// The `error` of a failed or refused event.
public struct EventError: Equatable, Sendable {
  /// For programs: a `FailureCode` or a `RefusalCode`.
  public let code: String
  /// A sentence for a person, without internals; the same for every event of the code.
  public let message: String
  /// Whether a replay can help.
  public let retryable: Bool
  /// For operators: the adapter's own text, secrets removed, or a JSON pointer and a sentence; at most 500 characters.
  public let detail: String?

  /// The error of a failed link. Redact `detail` first where it is foreign text; what is over 500 characters is cut.
  public init(failure code: FailureCode, detail: String? = nil) {
    switch code {
    case .adapterRejected:
      self.init(code.rawValue, "TradingView access was declined for these accounts.", retryable: false, detail)
    case .userForbidden:
      self.init(code.rawValue, "TradingView access is not permitted for this user.", retryable: false, detail)
    case .attemptsExhausted:
      self.init(code.rawValue, "TradingView access could not be set up after several tries.", retryable: true, detail)
    case .ambiguousExhausted:
      self.init(
        code.rawValue, "TradingView access could not be set up: the service did not answer clearly.", retryable: true,
        detail)
    case .deadlineExceeded:
      self.init(code.rawValue, "TradingView access could not be set up in time.", retryable: true, detail)
    }
  }

  /// The error of a refused request; what of `detail` is over 500 characters is cut.
  public init(refusal code: RefusalCode, detail: String? = nil) {
    switch code {
    case .invalidRequest:
      self.init(code.rawValue, "The request for TradingView access is not valid.", retryable: false, detail)
    case .idempotencyConflict:
      self.init(
        code.rawValue, "Another request for TradingView access was already made under the same key.", retryable: false,
        detail)
    case .requestExpired:
      self.init(code.rawValue, "The request for TradingView access is too old.", retryable: false, detail)
    case .replayRefused:
      self.init(code.rawValue, "The request for TradingView access cannot be repeated.", retryable: false, detail)
    }
  }

  private init(_ code: String, _ message: String, retryable: Bool, _ detail: String?) {
    self.code = code
    self.message = message
    self.retryable = retryable
    self.detail = detail.map(Self.cut)
  }

  /// The first 500 code points: a `Character` may have any number of them.
  private static func cut(_ detail: String) -> String {
    var scalars = String.UnicodeScalarView()
    scalars.append(contentsOf: detail.unicodeScalars.prefix(500))
    return String(scalars)
  }
}

extension Malformation: CustomStringConvertible {
  /// The pointer and the sentence: `/data/userId: The field is missing.`
  public var description: String { pointer.isEmpty ? sentence : "\(pointer): \(sentence)" }
}
