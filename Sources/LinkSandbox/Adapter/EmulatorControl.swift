import LinkCore
import LinkCrypto
import LinkHTTPServer

/// The emulator's control API, for tests and for people who try things out. Nobody is asked for a credential.
///
/// A rule: `userId` (left out: everybody without one of their own) and of `failFirst` (so many calls fail, left out: all), `status` (503, with
/// `retryAfter` and `location`), `reject` (status 200 with this `errmsg`), `fault` (one of `EmulatorRule.Fault`), `latencyMs`. A rule without a
/// failure lets the user succeed.
enum EmulatorControl {
  private static let root = "/_emulator/"

  /// Whether a path belongs to the control API.
  static func serves(_ path: String) -> Bool { path.hasPrefix(root) }

  /// The answer, which ends with a newline, so that a prompt does not stand behind it.
  static func respond(to request: HTTPRequest, _ core: EmulatorCore) -> HTTPReply {
    var reply = answer(to: request, core)
    if case .whole(let status, let headers, let body) = reply.form, let last = body.last, last != 0x0A {
      reply.form = .whole(status: status, headers: headers, body: body + [0x0A])
    }
    return reply
  }

  private static func answer(to request: HTTPRequest, _ core: EmulatorCore) -> HTTPReply {
    guard !request.isTooLarge else { return .error(413, "The body is too large") }
    let path = request.path.dropFirst(root.count)
    switch (request.method, path) {
    case ("GET", ""): return index
    case ("GET", "stats"): return .json(200, stats(core.read { $0.stats }))
    case ("GET", "outage"): return outage(core)
    case ("PUT", "outage"): return setOutage(request.body, core)
    case ("GET", "rates"): return .json(200, core.rates.json)
    case ("PUT", "rates"): return setRates(request.body, core)
    case ("GET", "calls"):
      return lines(core.read { $0.allUsers() }) { user, writer in write(user, nil, to: &writer) }
    case ("GET", "bodies"):
      return lines(core.read { $0.bodies() }) { entry, writer in
        writer.beginObject()
        writer.name("userId")
        writer.integer(entry.userId)
        writer.name("bodyBase64")
        writer.string(utf8: base64(entry.body))
        writer.endObject()
      }
    case ("PUT", "users"): return setRules(request.body, core)
    case ("PUT", "credential"): return setCredential(request.body, core)
    case ("POST", "verify"): return verify(request.body, core)
    case ("POST", "reset"):
      core.reset()
      return done
    case ("GET", _) where path.hasPrefix("users/"): return user(path.dropFirst(6), core)
    default: return .error(404, "The control API has no such method and path: GET /_emulator/ lists them")
    }
  }

  private static let done = HTTPReply.json(200, Array(#"{"s":"ok"}"#.utf8))

  private static func stats(_ stats: AdapterEmulatorStats) -> [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    stats.writeMembers(to: &writer)
    writer.endObject()
    return writer.bytes
  }

  private static func user(_ id: Substring, _ core: EmulatorCore) -> HTTPReply {
    guard let id = Int64(id),
      let (user, bodies) = core.read({ ledger in ledger.user(id).map { ($0, ledger.bodies(of: id)) } })
    else { return .error(404, "No call of such a user passed the checks") }
    var writer = JSONWriter()
    write(user, bodies.map(\.body), to: &writer)
    return .json(200, writer.bytes)
  }

  private static func write(_ user: AdapterEmulatorUser, _ bodies: [[UInt8]]?, to writer: inout JSONWriter) {
    writer.beginObject()
    writer.name("userId")
    writer.integer(user.userId)
    writer.name("calls")
    writer.integer(Int64(user.calls))
    writer.name("ok")
    writer.integer(Int64(user.tokens))
    writer.name("maxConcurrent")
    writer.integer(Int64(user.concurrentMost))
    writer.name("byBody")
    writer.verbatim(object(user.callsByBody.map { ($0.key.description, $0.value) }))
    writer.name("byTraceparent")
    writer.verbatim(object(user.callsByTraceparent.map { ($0.key, $0.value) }))
    if let bodies {
      writer.name("bodies")
      writer.beginArray()
      for body in bodies { writer.string(utf8: base64(body)) }
      writer.endArray()
    }
    writer.endObject()
  }

  /// An object whose names are not known beforehand.
  private static func object(_ members: [(String, Int)]) -> [UInt8] {
    let written = members.sorted { $0.0 < $1.0 }.map { name, value in
      var writer = JSONWriter(capacity: 80)
      writer.string(name)
      return writer.bytes + Array(":\(value)".utf8)
    }
    return [UInt8(ascii: "{")] + written.joined(separator: [UInt8(ascii: ",")]) + [UInt8(ascii: "}")]
  }

  private static func lines<Item>(_ items: [Item], _ write: (Item, inout JSONWriter) -> Void) -> HTTPReply {
    var body: [UInt8] = []
    for item in items {
      var writer = JSONWriter(capacity: 256)
      write(item, &writer)
      body += writer.bytes
      body.append(0x0A)
    }
    return HTTPReply(form: .whole(status: 200, headers: [("Content-Type", "application/x-ndjson")], body: body))
  }

  private static func setRules(_ body: [UInt8], _ core: EmulatorCore) -> HTTPReply {
    var rules: [(userId: Int64?, rule: EmulatorRule?)] = []
    for (index, line) in body.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() where !line.isEmpty
    {
      do {
        let (userId, rule) = try EmulatorRule.read(Array(line))
        rules.append((userId, rule == EmulatorRule() ? nil : rule))
      } catch {
        return .error(400, "Line \(index + 1) \(error.pointer): \(error.sentence)")
      }
    }
    core.setRules(rules)
    return done
  }

  private static func setCredential(_ body: [UInt8], _ core: EmulatorCore) -> HTTPReply {
    let credential = body.last == 0x0A ? Array(body.dropLast()) : body
    guard !credential.isEmpty, credential.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else {
      return .error(400, "A credential is one word without spaces or control characters")
    }
    core.setCredential(Secret(credential))
    return done
  }

  private static func verify(_ token: [UInt8], _ core: EmulatorCore) -> HTTPReply {
    guard let claims = core.verify(token) else { return .error(400, "The token is invalid, expired or revoked") }
    var writer = JSONWriter()
    claims.write(to: &writer)
    return .json(200, writer.bytes)
  }

  /// The usual alphabet with padding (RFC 4648, 4).
  private static func base64(_ bytes: [UInt8]) -> [UInt8] {
    var text = Base64URL.encode(bytes).map { character in
      switch character {
      case UInt8(ascii: "-"): UInt8(ascii: "+")
      case UInt8(ascii: "_"): UInt8(ascii: "/")
      default: character
      }
    }
    while text.count % 4 != 0 { text.append(UInt8(ascii: "=")) }
    return text
  }
}
