public import LinkCore
import LinkHTTPServer

/// An HTTP service that behaves like the TradingView adapter: generates tokens, takes them back, fails where it is told to, and counts.
///
/// - `POST /generate/token` asks for the bearer credential, JSON, and a body read strictly: an unknown key is an error. Its tokens are JSON Web
///   Tokens that say what they grant; each call makes another one.
/// - `POST /logout` revokes the token that it is authorised by.
/// - `/_emulator/…` is the control API, open to everybody who reaches the port (see `EmulatorControl`).
///
/// A held answer costs no thread: thousands of calls may wait at once.
public final class AdapterEmulator: Sendable {
  private let core: EmulatorCore
  private let server: HTTPServer
  private let isEncrypted: Bool
  private let address: String

  /// Listens and serves, from now until `stop`.
  ///
  /// - Parameters:
  ///   - onCall: is told of each call of `/generate/token` when its answer leaves, on the server's thread, which waits for it.
  public init(
    configuration: AdapterEmulatorConfiguration, onCall: (@Sendable (EmulatorCall) -> Void)? = nil
  ) throws(SandboxFailure) {
    try configuration.check()
    let core = EmulatorCore(configuration, onCall: onCall)
    self.core = core
    isEncrypted = configuration.tls != nil
    address =
      configuration.listenAddress.contains(":") ? "[\(configuration.listenAddress)]" : configuration.listenAddress
    let tls = try configuration.tls?.read()
    do throws(HTTPServerFailure) {
      server = try HTTPServer(
        address: configuration.listenAddress, port: configuration.port, tls: tls,
        connectionLimit: configuration.connectionLimit,
        accepts: { EmulatorControl.serves($0) || core.accepts(path: $0) },
        bodyLimit: { EmulatorControl.serves($0) ? 64 * 1024 * 1024 : EmulatorCore.bodyLimit },
        respond: { EmulatorControl.serves($0.path) ? EmulatorControl.respond(to: $0, core) : core.respond(to: $0) })
    } catch {
      throw SandboxFailure(error)
    }
  }

  /// The port that it listens on.
  public var port: UInt16 { server.port }

  /// Its URL, to which `/generate/token` is added.
  public var baseURL: String { "\(isEncrypted ? "https" : "http")://\(address):\(port)" }

  /// Answers what is held, closes every connection and ends its thread. What it counted can still be read.
  public func stop() { server.stop() }

  /// What a token grants, or nil where it is not one of this emulator's (by its secret), has expired, or was revoked.
  public func verify(_ token: Secret) -> TokenClaims? { core.verify(token.reveal()) }

  /// What was counted.
  public var stats: AdapterEmulatorStats { core.read { $0.stats } }

  /// What was counted of a user, or nil where none of its calls passed the checks.
  public func user(_ userId: Int64) -> AdapterEmulatorUser? { core.read { $0.user(userId) } }

  /// What was counted of every user, by id.
  public func users() -> [AdapterEmulatorUser] { core.read { $0.allUsers() } }

  /// The bodies received of a user, oldest first, as far as they are kept.
  public func bodies(of userId: Int64) -> [[UInt8]] { core.read { $0.bodies(of: userId).map(\.body) } }

  /// The bodies received of all users in the order in which they came, as far as they are kept.
  public func bodies() -> [(userId: Int64, body: [UInt8])] { core.read { $0.bodies() } }

  /// Treats a user by this rule from now on; nil: as everybody.
  public func setRule(_ rule: EmulatorRule?, for userId: Int64) { core.setRules([(userId, rule)]) }

  /// Treats the users without a rule of their own by this one from now on; nil: they succeed.
  public func setRuleForAll(_ rule: EmulatorRule?) { core.setRules([(nil, rule)]) }

  /// How often users without a rule meet errors from now on.
  public func setRates(_ rates: EmulatorRates) throws(SandboxFailure) {
    try rates.check()
    core.setRates(rates)
  }

  /// Begins an outage, or with nil ends it. Calls that an outage already holds stay held.
  public func setOutage(_ outage: EmulatorOutage?) { core.setOutage(outage) }

  /// The outage of now, or nil.
  public var outage: EmulatorOutage? { core.outage }

  /// Asks for this credential from now on.
  public func setCredential(_ credential: Secret) { core.setCredential(credential) }

  /// Forgets what was counted and kept, rules and rates, and ends an outage; keeps the credential and the revocations.
  public func reset() { core.reset() }
}
