public import LinkCore
import LinkCrypto

/// What a token of the emulator says: whom it authorises, for which accounts, and until when.
public struct TokenClaims: Equatable, Sendable {
  /// The cTID.
  public var userId: Int64
  /// The brokers whose accounts are linked.
  public var brokerNames: [Text]
  /// The accounts, or all of the user's.
  public var accounts: LinkScope.Accounts
  /// As the request said it; nil where it said nothing.
  public var isVerified: Bool?
  /// When it was made.
  public var issuedAt: Timestamp
  /// When it ends.
  public var expiresAt: Timestamp
  /// Tells it from every other token, those of the same request included.
  public var id: Text
}

/// Makes and reads the emulator's tokens: JSON Web Tokens signed by HMAC-SHA-256 (RFC 7515, RFC 7519), so that each carries all it
/// grants and can be checked without the emulator's memory.
struct TokenMint: Sendable {
  private let secret: Secret
  private static let header = Base64URL.encode(Array(#"{"alg":"HS256","typ":"JWT"}"#.utf8))
  private static let dot = UInt8(ascii: ".")

  init(secret: Secret) { self.secret = secret }

  /// The token of these claims, in ASCII.
  func token(_ claims: TokenClaims) -> [UInt8] {
    var writer = JSONWriter()
    claims.write(to: &writer)
    let signed = Self.header + [Self.dot] + Base64URL.encode(writer.bytes)
    return signed + [Self.dot] + Base64URL.encode(hmacSHA256(signed, key: secret).bytes)
  }

  /// The claims of a token with a right signature, expired or not; nil for any other bytes.
  func claims(of token: [UInt8]) -> TokenClaims? {
    guard token.count <= 64 * 1024 else { return nil }
    let parts = token.split(separator: Self.dot, omittingEmptySubsequences: false)
    guard parts.count == 3, parts[0].elementsEqual(Self.header) else { return nil }
    guard let signature = Base64URL.decode(parts[2]), let payload = Base64URL.decode(parts[1]) else { return nil }
    let signed = Array(token[..<(parts[2].startIndex - 1)])
    guard equalInConstantTime(signature, hmacSHA256(signed, key: secret).bytes) else { return nil }
    return TokenClaims(json: payload)
  }
}

extension TokenClaims {
  /// Writes them as a token's payload and as the control API's answer. Times are in seconds, as RFC 7519 has them.
  func write(to writer: inout JSONWriter) {
    writer.beginObject()
    writer.name("userId")
    writer.integer(userId)
    writer.name("brokerNames")
    writer.beginArray()
    for name in brokerNames { writer.string(name) }
    writer.endArray()
    switch accounts {
    case .all:
      writer.name("allAccounts")
      writer.boolean(true)
    case .some(let ids):
      writer.name("ctidTraderAccountIds")
      writer.beginArray()
      for id in ids { writer.integer(id) }
      writer.endArray()
    }
    if let isVerified {
      writer.name("isVerified")
      writer.boolean(isVerified)
    }
    writer.name("iat")
    writer.integer(issuedAt.milliseconds / 1_000)
    writer.name("exp")
    writer.integer(expiresAt.milliseconds / 1_000)
    writer.name("jti")
    writer.string(id)
    writer.endObject()
  }

  fileprivate init?(json: [UInt8]) {
    guard let value = try? JSONValue(parsing: json) else { return nil }
    guard let userId = value["userId"]?.integer, let names = value["brokerNames"], let id = value["jti"]?.text,
      let issued = value["iat"]?.integer, let expires = value["exp"]?.integer
    else { return nil }
    self.userId = userId
    brokerNames = names.children.compactMap(\.text)
    accounts =
      value["allAccounts"]?.boolean == true
      ? .all : .some(value["ctidTraderAccountIds"]?.children.compactMap(\.integer) ?? [])
    isVerified = value["isVerified"]?.boolean
    issuedAt = Timestamp(milliseconds: issued * 1_000)
    expiresAt = Timestamp(milliseconds: expires * 1_000)
    self.id = id
  }
}
