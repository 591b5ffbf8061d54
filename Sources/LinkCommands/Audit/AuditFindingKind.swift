/// What an audit can find. The names are for programs, and stay.
enum AuditFindingKind: String, CaseIterable {
  case requestLost = "request_lost"
  case twoEnds = "two_ends"
  case refusedTwice = "refused_twice"
  case refusalMissing = "refusal_missing"
  case refusalUnfounded = "refusal_unfounded"
  case refusalWithoutRequest = "refusal_without_request"
  case deadLetterTwice = "dead_letter_twice"
  case deadLetterMissing = "dead_letter_missing"
  case deadLetterUnfounded = "dead_letter_unfounded"
  case deadLetterWithoutRequest = "dead_letter_without_request"
  case movedTwice = "moved_twice"
  case movedAstray = "moved_astray"
  case movedWithoutSource = "moved_without_source"
  case secondOutcome = "second_outcome"
  case outcomeWithoutRequest = "outcome_without_request"
  case outcomeMissing = "outcome_missing"
  case outcomeUnreadable = "outcome_unreadable"
  case scopeChanged = "scope_changed"
  case stateMissing = "state_missing"
  case stateBehind = "state_behind"
  case stateDiffers = "state_differs"
  case stateUnreadable = "state_unreadable"
  case offsetMissing = "offset_missing"
  case offsetOutOfRange = "offset_out_of_range"

  /// Which promise it breaks: P1 one end for each request, P2 one outcome for each link and replay number, P6 nothing granted that was not asked for.
  var promise: String {
    switch self {
    case .requestLost, .twoEnds, .refusedTwice, .refusalMissing, .refusalUnfounded, .refusalWithoutRequest,
      .deadLetterTwice, .deadLetterMissing, .deadLetterUnfounded, .deadLetterWithoutRequest, .movedTwice, .movedAstray,
      .movedWithoutSource, .outcomeMissing, .offsetMissing, .offsetOutOfRange:
      "P1"
    case .secondOutcome, .outcomeWithoutRequest, .outcomeUnreadable, .stateMissing, .stateBehind, .stateDiffers,
      .stateUnreadable:
      "P2"
    case .scopeChanged: "P6"
    }
  }

  /// What it means, in a sentence about the record that is named.
  var meaning: String {
    switch self {
    case .requestLost:
      "The group has settled this request, and nothing came of it: no outcome, refusal, dead letter or move; or somebody has set its offset past it."
    case .twoEnds: "This request was refused although its link, of the same scope, was taken."
    case .refusedTwice: "There are more refusals of this request than records of it."
    case .refusalMissing:
      "This request became a dead letter, and its refusal is missing although id and source can be read."
    case .refusalUnfounded: "This request was refused for a reason that does not fit it."
    case .refusalWithoutRequest: "No record of the requests topic is what this refusal answers."
    case .deadLetterTwice: "This request became more than one dead letter."
    case .deadLetterMissing: "This request was refused as malformed or expired, and its dead letter is missing."
    case .deadLetterUnfounded: "This request is well-formed, and became a dead letter all the same."
    case .deadLetterWithoutRequest: "No record of the requests topic is what this dead letter was made of."
    case .movedTwice: "This request was moved home more than once."
    case .movedAstray: "This request was moved to another partition than its home, or changed on its way."
    case .movedWithoutSource: "This request says that it was moved here, and no misplaced request lies where it says."
    case .secondOutcome: "The link had an outcome of this replay number already."
    case .outcomeWithoutRequest: "No request of this link is the one that the outcome names."
    case .outcomeMissing:
      "The state says that this link has ended, and its outcome, or one of an earlier replay number, is missing."
    case .outcomeUnreadable: "This record of the outcomes topic is no event that a worker writes."
    case .scopeChanged: "The outcome, or the state, has another scope than the request of its link."
    case .stateMissing: "The state does not know the link of this outcome, and it is too young to be forgotten."
    case .stateBehind: "The state does not say that this link has ended, and its outcome is visible."
    case .stateDiffers: "The state says of this link that it ended otherwise than its outcome."
    case .stateUnreadable: "This record of the state topic cannot be read."
    case .offsetMissing:
      "The group has no committed offset of this partition, and there is state of it: offsets were lost, or kafka.group.id is another group's."
    case .offsetOutOfRange:
      "The group's committed offset of this partition is not in its log: records were deleted unread, or offsets lost."
    }
  }

  /// The table for documents.
  static func markdown() -> String {
    "| finding | breaks | meaning |\n|---|---|---|\n"
      + allCases.map { "| `\($0.rawValue)` | \($0.promise) | \($0.meaning) |\n" }.joined()
  }
}
