/// The fields of an event's `data`, and the checks of each: any of them can be read by itself, for a refusal names what it can.
struct DataFields {
  private let data: JSONValue

  /// The fields of `data`, which must be an object.
  init(_ data: JSONValue) throws(Malformation) {
    guard data.kind == .object else {
      throw Malformation(.invalidData, at: data.pointer, "The data is not a JSON object.")
    }
    self.data = data
  }

  /// Refuses every field that is not named here: a misspelt list of accounts must not widen a grant.
  func refuseOthers(than names: [StaticString]) throws(Malformation) {
    for member in data.children where !names.contains(where: { member.isNamed($0) }) {
      if member.isNamed("ctidTraderAccountId") {
        throw invalid(
          member,
          "The field is called ctidTraderAccountIds and is a list: the singular would be ignored and grant every account."
        )
      }
      throw invalid(member, "The field is unknown.")
    }
  }

  /// `userId`.
  func userId() throws(Malformation) -> Int64 {
    let value = try required("userId")
    guard let userId = value.integer, userId >= 1 else { throw invalid(value, Self.identifierSentence) }
    return userId
  }

  /// A link request's own `idempotencyKey`, or nil where it gives none.
  func idempotencyKey() throws(Malformation) -> Text? {
    try data["idempotencyKey"].map { (value) throws(Malformation) in try name(value) }
  }

  /// The `idempotencyKey` of the link that a replay asks for. It may be one that was made of `source` and `id`: up to 511 characters,
  /// any of them.
  func linkKey() throws(Malformation) -> Text { try text("idempotencyKey", limit: 511) }

  /// A string of 1 to `limit` characters.
  func text(_ name: StaticString, limit: Int) throws(Malformation) -> Text {
    let value = try required(name)
    guard let text = value.text, (1...limit).contains(text.characterCount) else {
      throw invalid(value, "The field must be a string of 1 to \(limit) characters.")
    }
    return text
  }

  /// `brokerNames`, `ctidTraderAccountIds` or `allAccounts`, and `isVerified`.
  func scope() throws(Malformation) -> LinkScope {
    LinkScope(brokerNames: try brokerNames(), accounts: try accounts(), isVerified: try boolean("isVerified"))
  }

  /// `true` or `false`, or nil where the field is absent.
  func boolean(_ name: StaticString) throws(Malformation) -> Bool? {
    guard let value = data[name] else { return nil }
    guard let boolean = value.boolean else { throw invalid(value, "The field must be true or false.") }
    return boolean
  }

  /// `deadline`, or nil where it is absent.
  func deadline() throws(Malformation) -> Timestamp? {
    guard let value = data["deadline"] else { return nil }
    guard let text = value.text, let deadline = Timestamp(rfc3339: text.utf8) else {
      throw invalid(value, "The field must be a moment as RFC 3339 has it, with its offset.")
    }
    return deadline
  }

  /// `context` byte for byte, or nil where it is absent.
  func context() throws(Malformation) -> [UInt8]? {
    guard let value = data["context"] else { return nil }
    guard value.kind == .object else { throw invalid(value, "The field must be a JSON object.") }
    guard value.writtenCount <= 4096 else { throw invalid(value, "The field has more than 4096 bytes as written.") }
    return value.written
  }

  private func brokerNames() throws(Malformation) -> [Text] {
    let value = try required("brokerNames")
    guard value.kind == .array else { throw invalid(value, "The field must be a list of 1 to 32 strings.") }
    var names: [Text] = []
    for element in value.children {
      guard names.count < 32 else { throw invalid(value, "The list has more than 32 names.") }
      let name = try name(element)
      if names.contains(name) { throw invalid(element, "The list has a name twice.") }
      names.append(name)
    }
    if names.isEmpty { throw invalid(value, "The list is empty.") }
    return names
  }

  private func accounts() throws(Malformation) -> LinkScope.Accounts {
    guard let list = data["ctidTraderAccountIds"] else {
      guard let all = data["allAccounts"] else {
        throw Malformation(
          .invalidData, at: data.pointer, "Neither ctidTraderAccountIds nor allAccounts says which accounts are meant.")
      }
      guard all.boolean == true else {
        throw invalid(all, "The field can only be true: name the accounts in ctidTraderAccountIds otherwise.")
      }
      return .all
    }
    if let all = data["allAccounts"] { throw invalid(all, "A list of accounts and allAccounts exclude each other.") }
    return .some(try accountIds(list))
  }

  private func accountIds(_ list: JSONValue) throws(Malformation) -> [Int64] {
    guard list.kind == .array else { throw invalid(list, "The field must be a list of 1 to 100 integers.") }
    var accounts: [Int64] = []
    for element in list.children {
      guard accounts.count < 100 else { throw invalid(list, "The list has more than 100 accounts.") }
      guard let account = element.integer, account >= 1 else { throw invalid(element, Self.identifierSentence) }
      if accounts.contains(account) { throw invalid(element, "The list has an account twice.") }
      accounts.append(account)
    }
    if accounts.isEmpty {
      throw invalid(list, "The list is empty: leave it out and say allAccounts where every account is meant.")
    }
    return accounts
  }

  private func name(_ value: JSONValue) throws(Malformation) -> Text {
    guard let text = value.text, (1...255).contains(text.characterCount), !text.hasControlCharacters else {
      throw invalid(value, "A string of 1 to 255 characters without control characters is expected.")
    }
    return text
  }

  private func required(_ name: StaticString) throws(Malformation) -> JSONValue {
    guard let value = data[name] else {
      throw Malformation(.invalidData, at: "\(data.pointer)/\(name)", "The field is missing.")
    }
    return value
  }

  private func invalid(_ value: JSONValue, _ sentence: String) -> Malformation {
    Malformation(.invalidData, at: value.pointer, sentence)
  }

  private static let identifierSentence =
    "An integer from 1 to 9223372036854775807 is expected, written without fraction and exponent."
}
