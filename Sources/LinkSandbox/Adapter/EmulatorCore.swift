import LinkCore
import LinkCrypto
import LinkHTTPServer
import Synchronization

/// What the emulator does with a request: shared by its server threads.
final class EmulatorCore: Sendable {
  /// Bytes that a request of the adapter may have.
  static let bodyLimit = 256 * 1024
  private static let hangTime: Milliseconds = 600_000
  private static let hugeSize: UInt64 = 100_000_000

  private let configuration: AdapterEmulatorConfiguration
  private let mint: TokenMint
  private let startedAt = wallMilliseconds()
  private let state: Mutex<EmulatorState>

  init(_ configuration: AdapterEmulatorConfiguration) {
    self.configuration = configuration
    mint = TokenMint(secret: configuration.tokenSecret)
    state = Mutex(EmulatorState(configuration))
  }

  /// The answer to a request of the adapter's own API.
  func respond(to request: HTTPRequest) -> HTTPReply {
    switch (request.path, request.method) {
    case ("/generate/token", "POST"):
      let reply = generate(request)
      state.withLock { $0.ledger.answered(status: reply.status) }
      return reply
    case ("/logout", "POST"): return logout(request)
    case ("/generate/token", _), ("/logout", _):
      return .error(405, "The method is not allowed", headers: [("Allow", "POST")])
    default: return .error(404, "There is no such path")
    }
  }

  // MARK: /generate/token

  private func generate(_ request: HTTPRequest) -> HTTPReply {
    let credential = state.withLock { $0.credential }
    guard let bearer = request.bearer, equalInConstantTime(bearer, credential) else {
      return .error(401, "The credential is missing or wrong", headers: [("WWW-Authenticate", "Bearer")])
    }
    guard request.isJSON else { return .error(415, "The content type is not application/json") }
    guard !request.isTooLarge else { return .error(413, "The body is too large") }
    let asked: TokenRequest
    do {
      asked = try TokenRequest(body: request.body)
    } catch {
      return .error(400, error.sentence)
    }
    return answer(asked, request)
  }

  private func answer(_ asked: TokenRequest, _ request: HTTPRequest) -> HTTPReply {
    let userId = asked.userId
    let digest = sha256(request.body)
    let (failure, delay, serial) = state.withLock { state in
      state.ledger.begin(userId: userId, body: request.body, digest: digest, traceparent: request.traceparent)
      let failure = state.failure(of: userId)
      if failure?.makesToken ?? true { state.ledger.made(tokenFor: userId) }
      // A call without an answer is not on the way: its client decides when it ends.
      if failure == .fault(.hang) { state.ledger.end(userId: userId) }
      let delay = state.delay(for: userId, latency: configuration.latency, jitter: configuration.jitter)
      return (failure, delay, state.nextSerial())
    }
    var reply = HTTPReply(form: form(failure, asked, serial), delay: delay)
    if failure == .fault(.hang) {
      reply.delay = Self.hangTime
    } else {
      reply.onSending = { [self] in state.withLock { $0.ledger.end(userId: userId) } }
    }
    return reply
  }

  private func form(_ failure: EmulatorRule.Failure?, _ asked: TokenRequest, _ serial: UInt64) -> HTTPReply.Form {
    switch failure {
    case nil: return HTTPReply.json(200, tokenBody(asked, serial)).form
    case .rejected(let errmsg): return HTTPReply.error(200, errmsg).form
    case .status(let status, let retryAfter, let location):
      var headers: [(name: String, value: String)] = []
      if let retryAfter { headers.append(("Retry-After", retryAfter)) }
      if let location { headers.append(("Location", location)) }
      return HTTPReply.error(status, "The emulator was told to answer \(status)", headers: headers).form
    case .fault(.hang), .fault(.close): return .closed
    case .fault(.truncate): return .truncated(status: 200, body: tokenBody(asked, serial))
    case .fault(.garbage):
      return .whole(status: 200, headers: [("Content-Type", "text/html")], body: Array("<html>It works!</html>".utf8))
    case .fault(.huge): return .huge(status: 200, size: Self.hugeSize)
    case .fault(.drip): return .dripping(status: 200, body: tokenBody(asked, serial), interval: 100)
    case .fault(.empty): return HTTPReply.json(200, Array(#"{"s":"ok"}"#.utf8)).form
    }
  }

  private func tokenBody(_ asked: TokenRequest, _ serial: UInt64) -> [UInt8] {
    let now = Timestamp(milliseconds: wallMilliseconds())
    let claims = TokenClaims(
      userId: asked.userId, brokerNames: asked.brokerNames, accounts: asked.accounts.map { .some($0) } ?? .all,
      isVerified: asked.isVerified, issuedAt: now, expiresAt: now + configuration.tokenLife,
      id: Text("\(startedAt)-\(serial)"))
    var writer = JSONWriter()
    writer.beginObject()
    writer.name("s")
    writer.string("ok" as Text)
    writer.name("d")
    writer.string(utf8: mint.token(claims))
    writer.endObject()
    return writer.bytes
  }

  // MARK: /logout

  private func logout(_ request: HTTPRequest) -> HTTPReply {
    guard let token = request.bearer else { return .error(401, "The token is missing") }
    guard let claims = verify(token) else { return .error(401, "The token is invalid or has expired") }
    let now = Timestamp(milliseconds: wallMilliseconds())
    let isKept = state.withLock { $0.revoke(claims, now: now) }
    return isKept ? .json(200, Array(#"{"s":"ok"}"#.utf8)) : .error(503, "Too many tokens are revoked")
  }

  /// The claims of a token that is good now.
  func verify(_ token: [UInt8]) -> TokenClaims? {
    guard let claims = mint.claims(of: token), claims.expiresAt.milliseconds > wallMilliseconds() else { return nil }
    return state.withLock { $0.isRevoked(claims) } ? nil : claims
  }

  // MARK: What the control API and tests use

  /// Reads what was counted.
  func read<Value: Sendable>(_ body: (EmulatorLedger) -> sending Value) -> Value {
    state.withLock { body($0.ledger) }
  }

  /// Sets or, with nil, removes rules: of a user, or with a nil user of everybody.
  func setRules(_ rules: [(userId: Int64?, rule: EmulatorRule?)]) {
    state.withLock { state in
      for (userId, rule) in rules { state.setRule(rule, for: userId) }
    }
  }

  func setCredential(_ credential: Secret) { state.withLock { $0.credential = credential.reveal() } }

  func reset() { state.withLock { $0.reset() } }
}

extension EmulatorRule.Failure {
  /// Whether a token is made though its caller does not get it.
  fileprivate var makesToken: Bool {
    switch self {
    case .status, .rejected: false
    case .fault: true
    }
  }
}

extension HTTPRequest {
  /// The bearer token of `Authorization`, or nil.
  fileprivate var bearer: [UInt8]? {
    guard let authorization, authorization.lowercased().hasPrefix("bearer ") else { return nil }
    return Array(authorization.utf8.dropFirst(7))
  }

  fileprivate var isJSON: Bool {
    let type = (contentType ?? "").lowercased().prefix { $0 != ";" && $0 != " " }
    return type == "application/json"
  }
}

extension HTTPReply {
  /// An error as the adapter writes it.
  static func error(_ status: Int, _ errmsg: String, headers: [(name: String, value: String)] = []) -> HTTPReply {
    var writer = JSONWriter()
    writer.beginObject()
    writer.name("s")
    writer.string("error" as Text)
    writer.name("errmsg")
    writer.string(errmsg)
    writer.endObject()
    return .json(status, writer.bytes, headers: headers)
  }

  /// The status that the client sees; 0 where it sees none.
  fileprivate var status: Int {
    switch form {
    case .whole(let status, _, _), .truncated(let status, _), .huge(let status, _), .dripping(let status, _, _): status
    case .closed: 0
    }
  }
}
