import LinkCore

/// The body of `POST /generate/token`, read as strictly as the adapter can be imagined: an unknown key is an error, since a renamed list of
/// accounts would grant all of them.
struct TokenRequest {
  var userId: Int64
  var brokerNames: [Text]
  /// Nil for all of the user's accounts.
  var accounts: [Int64]?
  var isVerified: Bool?

  /// Throws what is wrong with the body, in the adapter's words.
  init(body: [UInt8]) throws(Malformation) {
    let value = try JSONValue(parsing: body)
    guard value.kind == .object else { throw Malformation(.invalidData, "The body is not an object") }
    var userId: Int64?
    var brokerNames: [Text]?
    for member in value.children {
      func invalid(_ sentence: String) -> Malformation { Malformation(.invalidData, sentence) }
      switch member.name {
      case "userId":
        guard let id = member.integer, id > 0 else { throw invalid("userId is not a positive integer") }
        userId = id
      case "brokerNames":
        let names = member.children.compactMap(\.text)
        guard member.kind == .array, !names.isEmpty, names.count == Array(member.children).count else {
          throw invalid("brokerNames is not a list of strings with at least one")
        }
        brokerNames = names
      case "ctidTraderAccountIds":
        let ids = member.children.compactMap(\.integer)
        guard member.kind == .array, !ids.isEmpty, ids.count == Array(member.children).count, ids.allSatisfy({ $0 > 0 })
        else { throw invalid("ctidTraderAccountIds is not a list of positive integers with at least one") }
        accounts = ids
      case "isVerified":
        guard let flag = member.boolean else { throw invalid("isVerified is not a boolean") }
        isVerified = flag
      default: throw invalid("The body has an unknown key")
      }
    }
    guard let userId else { throw Malformation(.invalidData, "userId is missing") }
    guard let brokerNames else { throw Malformation(.invalidData, "brokerNames is missing") }
    self.userId = userId
    self.brokerNames = brokerNames
  }
}
