/// What a link would grant: the part of a request that the adapter sees, and that the fingerprint covers.
public struct LinkScope: Hashable, Sendable {
  /// 1-32 distinct names, each 1-255 characters; passed on byte for byte.
  public var brokerNames: [Text]
  /// The accounts asked for.
  public var accounts: Accounts
  /// Whether the user may leave broker ratings; nil stays absent.
  public var isVerified: Bool?

  /// The accounts of a request: "all" is said, never implied (promise P6).
  public enum Accounts: Hashable, Sendable {
    /// 1-100 distinct `ctidTraderAccountId`s, in the order of the request.
    case some([Int64])
    /// `allAccounts: true`.
    case all
  }

  /// A scope.
  public init(brokerNames: [Text], accounts: Accounts, isVerified: Bool? = nil) {
    self.brokerNames = brokerNames
    self.accounts = accounts
    self.isVerified = isVerified
  }
}
