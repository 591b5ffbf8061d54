import LinkCore

// Stands in until the core has its codec for state records.
extension StateRecord {
  func encoded() -> (key: [UInt8], value: [UInt8]?) {
    var out: [UInt8] = []
    switch self {
    case .link(let link):
      func int(_ n: Int64) { withUnsafeBytes(of: n) { out.append(contentsOf: $0) } }
      func bytes(_ b: [UInt8]?) { int(Int64(b?.count ?? -1)); out.append(contentsOf: b ?? []) }
      int(link.key.userId)
      bytes(link.key.idempotencyKey.utf8)
      bytes(link.fingerprint.bytes)
      switch link.state {
      case .scheduled(let due): int(0); int(due.milliseconds)
      case .succeeded(let at): int(1); int(at.milliseconds)
      case .failed(let at, let code): int(2); int(at.milliseconds); bytes(Array(code.rawValue.utf8))
      }
      int(Int64(link.origin.partition)); int(link.origin.offset); int(link.origin.timestamp.milliseconds)
      int(Int64(link.attemptCount)); int(Int64(link.ambiguousCount)); int(Int64(link.replay))
      bytes(link.request?.context)
      return ([], out)
    default: return ([], nil)
    }
  }

  static func decode(key: [UInt8], value: [UInt8]?) throws -> StateRecord {
    var rest = (value ?? [])[...]
    func int() -> Int64 {
      defer { rest = rest.dropFirst(8) }
      return Array(rest.prefix(8)).withUnsafeBytes { $0.loadUnaligned(as: Int64.self) }
    }
    func bytes() -> [UInt8]? {
      let n = int()
      guard n >= 0 else { return nil }
      defer { rest = rest.dropFirst(Int(n)) }
      return Array(rest.prefix(Int(n)))
    }
    let user = int()
    let text = Text(utf8: bytes() ?? []) ?? ""
    let print = Digest(bytes() ?? []) ?? Digest([UInt8](repeating: 0, count: 32))
    let state: Link.State
    switch int() {
    case 0: state = .scheduled(due: Timestamp(milliseconds: int()))
    case 1: state = .succeeded(at: Timestamp(milliseconds: int()))
    default:
      let at = Timestamp(milliseconds: int())
      state = .failed(
        at: at, code: FailureCode(rawValue: String(decoding: bytes() ?? [], as: UTF8.self)) ?? .adapterRejected)
    }
    let origin = Link.Origin(
      partition: Int32(int()), offset: int(), timestamp: Timestamp(milliseconds: int()))
    guard let print else { throw StoreFailure(.damaged, operation: "", subject: "", reason: "") }
    let (attempts, ambiguous, replay) = (Int(int()), Int(int()), Int(int()))
    let context = bytes()
    return .link(
      Link(
        key: LinkKey(userId: user, idempotencyKey: text), fingerprint: print, state: state,
        request: context.map {
          LinkRequest(
            id: "i", source: "s", userId: user, idempotencyKey: text,
            scope: LinkScope(brokerNames: ["b"], accounts: .all), context: $0)
        }, origin: origin, attemptCount: attempts,
        ambiguousCount: ambiguous, replay: replay))
  }
}
