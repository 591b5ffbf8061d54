/// Stops the calls while the adapter refuses the worker's own credential, but for a probe (promise P7).
struct CredentialGate: Sendable {
  /// The least time between two probes.
  static let probeInterval: Milliseconds = 30_000
  /// How often the file is looked at while its credential is refused.
  static let checkInterval: Milliseconds = 1000
  /// Over how long the links that were put off come back after a probe: long enough for the probe's answer to be there.
  static let restJitter: Milliseconds = 3000

  private var state = State.open
  /// Whether the credential was changed since it was refused: of this one nothing is known yet.
  private var isRenewed = false
  /// Of whom the last answers were 401 or 403, with no success between.
  private var refusals = RefusalRow()
  /// When there was last news of the credential: another one, or this one taken after it was refused. What was asked before was asked with an
  /// earlier one, or of an adapter that has changed its mind since.
  private var knownSince: Milliseconds = 0

  /// When it closed, where it is closed: an answer to a call that was under way then tells nothing new.
  private(set) var closedAt: Milliseconds = 0

  private enum State: Sendable {
    case open
    /// Closed; the next probe may be sent at `probeAt`, unless `probing` is under way.
    case closed(probeAt: Milliseconds, probing: UInt64?)
  }

  var isOpen: Bool { if case .open = state { true } else { false } }

  /// Whether the adapter refuses the credential, as far as is known.
  var isRefused: Bool { !isOpen && !isRenewed }

  /// Whether a probe is under way.
  var isProbing: Bool { if case .closed(_, .some) = state { true } else { false } }

  /// When the next probe may be sent; nil while open or while a probe is under way.
  var probeAt: Milliseconds? { if case .closed(let probeAt, nil) = state { probeAt } else { nil } }

  /// Whether a call may be made now.
  func admits(uptime: Milliseconds) -> Bool { isOpen || probeAt.map { uptime >= $0 } ?? false }

  /// Notes a call that was made: while closed it is the probe.
  mutating func noteCall(_ call: UInt64, uptime: Milliseconds) {
    guard case .closed(_, nil) = state else { return }
    state = .closed(probeAt: uptime + Self.probeInterval, probing: call)
  }

  /// Whether a 403 for this user speaks of the credential: the last answers of so many users were 401 or 403, with no success between, that they
  /// are not each refused for himself.
  mutating func isRefusalOfAll(_ userId: Int64) -> Bool {
    refusals.note(userId)
    return refusals.isOfAll
  }

  /// The credential was refused in a call for this user.
  mutating func noteRefusal(to userId: Int64) { refusals.noteOfAll(userId) }

  /// Whether a refusal of a call that was begun then speaks of the credential as it is now.
  func concerns(callOf began: Milliseconds) -> Bool { began >= knownSince }

  /// The adapter refused the credential. True where that is news.
  mutating func refuse(_ call: UInt64, uptime: Milliseconds) -> Bool {
    defer { isRenewed = false }
    guard case .closed(let probeAt, let probing) = state else {
      closedAt = uptime
      state = .closed(probeAt: uptime + Self.probeInterval, probing: nil)
      return true
    }
    state = .closed(probeAt: max(probeAt, uptime), probing: probing == call ? nil : probing)
    return isRenewed
  }

  /// There is another credential: a probe may try it at once.
  mutating func renew(uptime: Milliseconds) {
    knownSince = uptime
    refusals.end()
    guard case .closed(_, let probing) = state else { return }
    isRenewed = true
    state = .closed(probeAt: uptime, probing: probing)
  }

  /// An answer came that tells nothing of the credential (a 5xx, a lost one): a probe that got it says nothing.
  mutating func noteOther(_ call: UInt64) {
    guard case .closed(let probeAt, call) = state else { return }
    state = .closed(probeAt: probeAt, probing: nil)
  }

  /// Somebody got a token: what was refused before it was refused for itself.
  mutating func noteSuccess() {
    refusals.noteOther()
    refusals.end()
  }

  /// The user was answered neither with a token nor with 401 or 403.
  mutating func noteOtherAnswer(to userId: Int64) { refusals.noteOther(to: userId) }

  /// The adapter took the credential of a call that was begun then. True where the gate was closed until now.
  mutating func accept(callOf began: Milliseconds, uptime: Milliseconds) -> Bool {
    // One that began in the millisecond in which it closed was under way already: a probe comes later, unless there is another credential.
    guard case .closed = state, began > closedAt || isRenewed && began >= knownSince else { return false }
    knownSince = uptime
    refusals.end()
    state = .open
    isRenewed = false
    return true
  }
}
