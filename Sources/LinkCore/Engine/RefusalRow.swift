/// Refusals of several users in a row, of which has to be known whether they speak of the worker's credential or each of its own user.
///
/// The specification says that the last answers of two users do; where some of all users are always forbidden, two in a row are chance, and would stop
/// everybody. So the row has to be longer than chance makes it of the share of answers that were refusals before it. With none before, two are enough.
struct RefusalRow: Sendable {
  /// The least users whose refusals say it.
  static let userThreshold = 2
  /// How improbable the row must be: at a thousand calls a second, chance makes one such row in eleven days.
  static let chanceLimit = 1e-9
  /// The share is that of the last so many answers, roughly.
  static let shareWeight = 1.0 / 1024
  /// What is reckoned with where there were no refusals: two of them are improbable enough.
  static let shareLeast = 3e-5
  /// The highest share that is reckoned with: then 59 users say it.
  static let shareLimit = 0.7
  /// Users that are remembered.
  static let userLimit = 64

  private var users: Set<Int64> = []
  /// The share of answers that were 403, and what it was before the row.
  private var share = 0.0
  private var shareBefore = 0.0

  /// Whether these refusals speak of the credential.
  var isOfAll: Bool {
    guard users.count >= Self.userThreshold else { return false }
    let chance = users.reduce(1.0) { chance, _ in chance * max(shareBefore, Self.shareLeast) }
    return chance < Self.chanceLimit
  }

  /// A user was answered 403.
  mutating func note(_ userId: Int64) {
    noteOfAll(userId)
    share += (1 - share) * Self.shareWeight
  }

  /// A user was answered 401, or 403 while the credential is refused: that he is refused for himself, it does not say.
  mutating func noteOfAll(_ userId: Int64) {
    if users.isEmpty { shareBefore = min(share, Self.shareLimit) }
    if users.count < Self.userLimit { users.insert(userId) }
  }

  /// Somebody was answered something else.
  mutating func noteOther() { share -= share * Self.shareWeight }

  /// A user was answered something else that is no success.
  mutating func noteOther(to userId: Int64) {
    noteOther()
    users.remove(userId)
  }

  /// Somebody succeeded, or there is another credential: what comes is another row. One that spoke of the credential tells nothing of how many
  /// users are refused for themselves.
  mutating func end() {
    if isOfAll { share = shareBefore }
    users = []
  }
}
