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
  private let onCall: (@Sendable (EmulatorCall) -> Void)?

  init(_ configuration: AdapterEmulatorConfiguration, onCall: (@Sendable (EmulatorCall) -> Void)? = nil) {
    self.configuration = configuration
    self.onCall = onCall
    mint = TokenMint(secret: configuration.tokenSecret)
    state = Mutex(EmulatorState(configuration))
  }

  /// The answer to a request of the adapter's own API.
  func respond(to request: HTTPRequest) -> HTTPReply {
    switch (request.path, request.method) {
    case ("/generate/token", "POST"): return Answering(self).answer(request)
    case ("/logout", "POST"): return state.withLock { $0.outage }.map(reply(during:)) ?? logout(request)
    case ("/generate/token", _), ("/logout", _):
      return .error(405, "The method is not allowed", headers: [("Allow", "POST")])
    default: return .error(404, "There is no such path")
    }
  }

  /// Whether a request to this path is read at all.
  func accepts(path: String) -> Bool {
    let refused = state.withLock { state in
      guard state.outage == .refuse else { return false }
      if path == "/generate/token" { state.ledger.answered(status: 0, .outage) }
      return true
    }
    if refused, path == "/generate/token" {
      let now = Timestamp(milliseconds: wallMilliseconds())
      onCall?(EmulatorCall(receivedAt: now, userId: nil, kind: .outage, status: nil, duration: 0))
    }
    return !refused
  }

  private func reply(during outage: EmulatorOutage) -> HTTPReply {
    switch outage {
    case .status(let status): .error(status, "The adapter is not available")
    case .hang: HTTPReply(form: .closed, delay: Self.hangTime)
    case .cut, .refuse: HTTPReply(form: .closed)
    }
  }

  // MARK: /generate/token

  /// One call of `/generate/token` on its way to an answer.
  private struct Answering {
    let core: EmulatorCore
    let receivedAt = Timestamp(milliseconds: wallMilliseconds())
    let began = uptimeMilliseconds()

    init(_ core: EmulatorCore) { self.core = core }

    func answer(_ request: HTTPRequest) -> HTTPReply {
      let (credential, outage) = core.state.withLock { ($0.credential, $0.outage) }
      if let outage {
        // Nobody looked at the call; who it is from helps whoever reads the calls.
        return told(core.reply(during: outage), .outage, (try? TokenRequest(body: request.body))?.userId)
      }
      guard let bearer = request.bearer, equalInConstantTime(bearer, credential) else {
        return refused(401, "The credential is missing or wrong", headers: [("WWW-Authenticate", "Bearer")])
      }
      guard request.isJSON else { return refused(415, "The content type is not application/json") }
      guard !request.isTooLarge else { return refused(413, "The body is too large") }
      let asked: TokenRequest
      do {
        asked = try TokenRequest(body: request.body)
      } catch {
        return refused(400, error.sentence)
      }
      return answer(asked, request)
    }

    private func answer(_ asked: TokenRequest, _ request: HTTPRequest) -> HTTPReply {
      let userId = asked.userId
      let digest = sha256(request.body)
      let (failure, delay, serial) = core.state.withLock { state in
        let call = state.ledger.begin(
          userId: userId, body: request.body, digest: digest, traceparent: request.traceparent)
        let failure = state.failure(of: userId, call: call, now: receivedAt)
        if failure?.makesToken ?? true { state.ledger.made(tokenFor: userId) }
        // A call without an answer is not on the way: its client decides when it ends.
        if failure == .fault(.hang) { state.ledger.end(userId: userId) }
        return (failure, state.delay(for: userId, call: call), state.nextSerial())
      }
      let isHanging = failure == .fault(.hang)
      let reply = HTTPReply(
        form: core.form(failure, asked, serial), delay: isHanging ? EmulatorCore.hangTime : delay)
      return told(reply, EmulatorAnswerClass(failure), userId, endsCall: !isHanging)
    }

    private func refused(
      _ status: Int, _ errmsg: String, headers: [(name: String, value: String)] = []
    ) -> HTTPReply {
      told(.error(status, errmsg, headers: headers), EmulatorAnswerClass(status: status), nil)
    }

    /// Counts an answer, and has it told when it leaves.
    private func told(
      _ reply: HTTPReply, _ kind: EmulatorAnswerClass, _ userId: Int64?, endsCall: Bool = false
    ) -> HTTPReply {
      let status = reply.status
      core.state.withLock { $0.ledger.answered(status: status, kind) }
      var reply = reply
      reply.onSending = { [core, receivedAt, began] in
        if endsCall, let userId { core.state.withLock { $0.ledger.end(userId: userId) } }
        core.onCall?(
          EmulatorCall(
            receivedAt: receivedAt, userId: userId, kind: kind, status: status == 0 ? nil : status,
            duration: uptimeMilliseconds() - began))
      }
      return reply
    }
  }

  private func form(_ failure: EmulatorRule.Failure?, _ asked: TokenRequest, _ serial: UInt64) -> HTTPReply.Form {
    func whole(_ body: [UInt8], _ type: String = "application/json") -> HTTPReply.Form {
      .whole(status: 200, headers: [("Content-Type", type)], body: body)
    }
    switch failure {
    case nil: return whole(tokenBody(asked, serial))
    case .rejected(let errmsg): return HTTPReply.error(200, errmsg).form
    case .status(let status, let retryAfter, let location):
      var headers: [(name: String, value: String)] = []
      // A date is one from now on, and `none` is none; any other text is a header as it stands.
      let now = Timestamp(milliseconds: wallMilliseconds())
      if let retryAfter, let value = EmulatorRetryAfter(retryAfter).map({ $0.header(now: now) }) ?? retryAfter {
        headers.append(("Retry-After", value))
      }
      if let location { headers.append(("Location", location)) }
      return HTTPReply.error(status, "The emulator was told to answer \(status)", headers: headers).form
    case .fault(let fault):
      switch fault {
      case .hang, .cut, .lost: return .closed
      case .truncate: return .truncated(status: 200, body: tokenBody(asked, serial))
      case .drip: return .dripping(status: 200, body: tokenBody(asked, serial), interval: 100)
      case .huge: return .huge(status: 200, size: Self.hugeSize)
      case .garbage, .notJSON: return whole(Array("<html>It works!</html>".utf8), "text/html")
      case .noS: return whole(tokenBody(asked, serial, says: false))
      case .empty: return whole(Array(#"{"s":"ok"}"#.utf8))
      }
    }
  }

  /// The body of a success; without its `s` where it does not say that it is one.
  private func tokenBody(_ asked: TokenRequest, _ serial: UInt64, says: Bool = true) -> [UInt8] {
    let now = Timestamp(milliseconds: wallMilliseconds())
    let claims = TokenClaims(
      userId: asked.userId, brokerNames: asked.brokerNames, accounts: asked.accounts.map { .some($0) } ?? .all,
      isVerified: asked.isVerified, issuedAt: now, expiresAt: now + configuration.tokenLife,
      id: Text("\(startedAt)-\(serial)"))
    var writer = JSONWriter()
    writer.beginObject()
    if says {
      writer.name("s")
      writer.string("ok" as Text)
    }
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

  var rates: EmulatorRates { state.withLock { $0.rates } }

  func setRates(_ rates: EmulatorRates) { state.withLock { $0.rates = rates } }

  var outage: EmulatorOutage? { state.withLock { $0.outage } }

  func setOutage(_ outage: EmulatorOutage?) { state.withLock { $0.outage = outage } }

  func setCredential(_ credential: Secret) { state.withLock { $0.credential = credential.reveal() } }

  func reset() { state.withLock { $0.reset() } }
}

extension EmulatorRule.Failure {
  /// Whether a token is made though its caller does not get it.
  fileprivate var makesToken: Bool {
    switch self {
    case .status, .rejected: false
    case .fault(let fault): fault != .cut
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
