/// Which noes of the adapter are worth another try: what nobody can know of an adapter before having met it.
///
/// They reach only what would end a link otherwise: another 4xx, and `s == "error"`. The rows of the classification above those stand.
public struct AnswerRules: Hashable, Sendable {
  /// Statuses from 400 to 499 that are transient besides 408, 425 and 429. 401 and 403 speak of the credential, whatever stands here.
  public var transientStatuses: Set<Int>
  /// Texts of which one in an `errmsg`, in whatever case, makes it transient; lower case.
  private let transientTexts: [String]

  /// Rules; without any, every such no is final.
  public init(transientStatuses: Set<Int> = [], transientErrmsgs: [String] = []) {
    self.transientStatuses = transientStatuses
    transientTexts = transientErrmsgs.map { $0.lowercased() }
  }

  /// How much of an `errmsg` is looked at, in characters.
  static let errmsgLimit = 2000

  /// Whether a no with this status and text is worth another try.
  func isTransient(status: Int, errmsg: String?) -> Bool {
    if transientStatuses.contains(status) { return true }
    guard let errmsg, !transientTexts.isEmpty else { return false }
    let text = errmsg.prefix(Self.errmsgLimit).lowercased()
    return transientTexts.contains { text.contains($0) }
  }
}
