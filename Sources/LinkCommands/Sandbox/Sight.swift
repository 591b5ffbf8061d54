import LinkCore

/// What was seen to become of a request.
enum Sight: Hashable {
  /// token-ready; `grant` is what the token itself says, nil where it is not one of the adapter's or grants something else than its event
  /// says.
  case tokenReady(grant: Grant?, attempts: Int64)
  /// failed, with its code.
  case failed(String)
  /// refused, with its code.
  case refused(String)
  /// A dead letter, with its reason.
  case deadLetter(String)
  /// The request stands in its home partition now.
  case moved(from: Int32, to: Int32)
  /// The adapter was called although nothing that came tells of it.
  case untoldCalls(Int64)
  /// An event that cannot be read.
  case unreadable

  /// Whom a token authorises, and for what.
  struct Grant: Hashable, CustomStringConvertible {
    var userId: Int64
    var accounts: LinkScope.Accounts

    /// `user 42, accounts 7`
    var description: String {
      switch accounts {
      case .all: "user \(userId), all accounts"
      case .some(let ids): "user \(userId), accounts \(ids.map(String.init).joined(separator: ", "))"
      }
    }
  }
}

extension Sight: CustomStringConvertible {
  /// As a table's cell has it.
  var description: String {
    switch self {
    case .tokenReady(let grant?, let attempts): "token: \(grant), \(Self.calls(attempts))"
    case .tokenReady(nil, let attempts): "a token that grants something else, \(Self.calls(attempts))"
    case .failed(let code): "failed: \(code)"
    case .refused(let code): "refused: \(code)"
    case .deadLetter(let reason): "dead letter: \(reason)"
    case .moved(let from, let to): "moved from partition \(from) to \(to)"
    case .untoldCalls(let count): "\(Self.calls(count)) too many"
    case .unreadable: "an event that cannot be read"
    }
  }

  /// `1 call`, `2 calls`
  static func calls(_ count: Int64) -> String { count == 1 ? "1 call" : "\(count) calls" }
}
