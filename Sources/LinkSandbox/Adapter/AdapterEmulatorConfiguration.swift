public import LinkCore

/// How an adapter emulator is set up.
public struct AdapterEmulatorConfiguration: Sendable {
  /// A numeric address; 127.0.0.1 unless given. Beyond loopback whoever reaches it can read what it received.
  public var listenAddress: String
  /// 0, the default, for any free port.
  public var port: UInt16
  /// The bearer credential that `/generate/token` asks for.
  public var credential: Secret
  /// How long the answer to a call that passed every check takes, in milliseconds; 0 unless given. Other answers come at once.
  public var latency: Milliseconds
  /// A random time of up to this is added to each latency; 0 unless given.
  public var jitter: Milliseconds
  /// The 99th percentile of the latency: it then follows a log-normal distribution whose median is `latency`, and which no jitter is added
  /// to; nil, the default, for one without such a tail.
  public var latencyTop: Milliseconds?
  /// What jitter, tail and rates are made of: the same seed and the same order of a user's calls give that user the same answers.
  public var seed: UInt64
  /// Certificate and key, for https; nil, the default, for http.
  public var tls: TLSFiles?
  /// What the tokens are signed with; at least 16 bytes.
  public var tokenSecret: Secret
  /// How long a token lives; 30 days unless given.
  public var tokenLife: Milliseconds
  /// How single users are treated; everybody else succeeds.
  public var rules: [Int64: EmulatorRule]
  /// How users without a rule of their own are treated; nil, the default: they succeed.
  public var ruleForAll: EmulatorRule?
  /// How often users without a rule meet errors; never, unless given.
  public var rates: EmulatorRates
  /// The outage that it starts with; nil, the default, for none.
  public var outage: EmulatorOutage?
  /// Bodies kept for reading, of all users; the oldest go first. 100 000 unless given.
  public var bodyLimit: Int
  /// Bodies kept of one user. 1 000 unless given.
  public var bodyLimitOfUser: Int
  /// Users that are counted one by one; calls of further ones are counted in the totals alone. 2 000 000 unless given.
  public var userLimit: Int
  /// Connections at the same time; further ones wait. 4 096 unless given.
  public var connectionLimit: Int

  /// PEM files for TLS.
  public struct TLSFiles: Sendable {
    /// The certificate, followed by those that lead to its authority.
    public var certificatePath: String
    /// The certificate's private key, without a passphrase.
    public var keyPath: String

    /// The files at these paths.
    public init(certificatePath: String, keyPath: String) {
      self.certificatePath = certificatePath
      self.keyPath = keyPath
    }
  }

  /// A configuration; the defaults stand with each field.
  public init(
    listenAddress: String = "127.0.0.1", port: UInt16 = 0, credential: Secret, latency: Milliseconds = 0,
    jitter: Milliseconds = 0, latencyTop: Milliseconds? = nil, seed: UInt64 = 1, tls: TLSFiles? = nil,
    tokenSecret: Secret = Secret(Array("the emulator's token secret".utf8)), tokenLife: Milliseconds = 30 * 86_400_000,
    rules: [Int64: EmulatorRule] = [:], ruleForAll: EmulatorRule? = nil, rates: EmulatorRates = EmulatorRates(),
    outage: EmulatorOutage? = nil, bodyLimit: Int = 100_000, bodyLimitOfUser: Int = 1_000, userLimit: Int = 2_000_000,
    connectionLimit: Int = 4_096
  ) {
    self.listenAddress = listenAddress
    self.port = port
    self.credential = credential
    self.latency = latency
    self.jitter = jitter
    self.latencyTop = latencyTop
    self.seed = seed
    self.tls = tls
    self.tokenSecret = tokenSecret
    self.tokenLife = tokenLife
    self.rules = rules
    self.ruleForAll = ruleForAll
    self.rates = rates
    self.outage = outage
    self.bodyLimit = bodyLimit
    self.bodyLimitOfUser = bodyLimitOfUser
    self.userLimit = userLimit
    self.connectionLimit = connectionLimit
  }

  /// Throws the first field that is out of its range.
  func check() throws(SandboxFailure) {
    func require(_ isGood: Bool, _ field: String, _ hint: String) throws(SandboxFailure) {
      guard !isGood else { return }
      throw SandboxFailure(
        "set the adapter emulator up", field, "it is out of range", hint: hint)
    }
    let bytes = credential.reveal()
    try require(
      !bytes.isEmpty && bytes.allSatisfy { $0 > 0x20 && $0 != 0x7F }, "the credential",
      "one word without spaces or control characters")
    try require(tokenSecret.reveal().count >= 16, "the token secret", "at least 16 bytes")
    try require((0...3_600_000).contains(latency), "the latency", "0 to 3 600 000 milliseconds")
    try require((0...3_600_000).contains(jitter), "the jitter", "0 to 3 600 000 milliseconds")
    if let latencyTop {
      try require(
        latency > 0 && (latency...3_600_000).contains(latencyTop), "the latency's 99th percentile",
        "a median above 0, and from it to 3 600 000 milliseconds")
    }
    try require((1_000...366 * 86_400_000).contains(tokenLife), "the token's life", "a second to 366 days")
    try require((0...10_000_000).contains(bodyLimit), "the limit of kept bodies", "0 to 10 000 000")
    try require((0...10_000_000).contains(bodyLimitOfUser), "the limit of a user's bodies", "0 to 10 000 000")
    try require((1...100_000_000).contains(userLimit), "the limit of users", "1 to 100 000 000")
    try require((1...65_536).contains(connectionLimit), "the limit of connections", "1 to 65 536")
    try rates.check()
    for rule in Array(rules.values) + [ruleForAll].compactMap({ $0 }) { try rule.check() }
  }
}
