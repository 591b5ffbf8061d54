extension Grant {
  /// What is wrong with a grant's data, and what is written for it.
  struct Spoilt {
    var name: String
    var members: [String]
    /// Whether the value is JSON, so that it can be told who asked.
    var isJSON = true
  }

  /// The grant's data, spoilt in one of many ways.
  func spoilt(_ random: inout some RandomNumberGenerator) -> Spoilt {
    let way = Self.ways[Int.random(in: 0..<Self.ways.count, using: &random)]
    // The member that is spoilt takes the place of the good one.
    let rest = members(&random).filter { member in !way.replaces.contains { member.hasPrefix("\"\($0)") } }
    return Spoilt(
      name: way.name, members: (rest + way.members(self)).shuffled(using: &random), isJSON: way.isJSON)
  }

  private struct Way: Sendable {
    var name: String
    var replaces: [String]
    var isJSON = true
    var members: @Sendable (Grant) -> [String]
  }

  private static func names(_ name: String, isJSON: Bool = true, _ list: String) -> Way {
    Way(name: name, replaces: ["brokerNames"], isJSON: isJSON) { _ in ["\"brokerNames\":\(list)"] }
  }

  private static func accounts(_ name: String, _ list: String) -> Way {
    Way(name: name, replaces: ["ctidTrader", "allAccounts"]) { _ in ["\"ctidTraderAccountIds\":\(list)"] }
  }

  private static func scope(_ name: String, _ members: String...) -> Way {
    Way(name: name, replaces: ["ctidTrader", "allAccounts", "isVerified"]) { _ in members }
  }

  private static func user(_ name: String, _ written: @escaping @Sendable (Int64) -> String) -> Way {
    Way(name: name, replaces: ["userId"]) { ["\"userId\":\(written($0.userID))"] }
  }

  private static let long = String(repeating: "\u{1F600}", count: 256)
  private static let manyNames = (0..<33).map { "\"b\($0)\"" }.joined(separator: ",")
  private static let manyAccounts = (1...101).map { "\($0)" }.joined(separator: ",")

  private static let ways = [
    names("a control character", "[\"a\\u0001b\"]"), names("an escaped line feed", "[\"a\\nb\"]"),
    names("an escaped tab", "[\"\\tb\"]"), names("a NUL", "[\"a\\u0000\"]"), names("DEL", "[\"a\u{7F}b\"]"),
    names("a C1 control", "[\"a\u{85}b\"]"), names("an escaped C1 control", "[\"\\u009F\"]"),
    names("a raw control character", isJSON: false, "[\"a\u{2}b\"]"),
    names("a lone surrogate", isJSON: false, "[\"\\ud83d\"]"),
    names("surrogates the wrong way", isJSON: false, "[\"\\ude00\\ud83d\"]"),
    names("a name twice", "[\"n\",\"m\",\"n\"]"), names("a name twice by escapes", "[\"caf\u{E9}\",\"caf\\u00e9\"]"),
    names("no name", "[]"), names("an empty name", "[\"a\",\"\"]"), names("a long name", "[\"\(long)\"]"),
    names("33 names", "[\(manyNames)]"), names("a name alone", "\"northwind\""), names("null for names", "null"),
    names("a number for a name", "[1]"), names("a list for a name", "[[\"a\"]]"),
    accounts("no account", "[]"), accounts("101 accounts", "[\(manyAccounts)]"), accounts("account 0", "[1,0]"),
    accounts("a negative account", "[-5]"), accounts("2^63", "[9223372036854775808]"),
    accounts("a float account", "[6230011.0]"), accounts("an exponent", "[1e6]"),
    accounts("an account twice", "[5,6,5]"),
    accounts("a string account", "[\"6230011\"]"), accounts("null accounts", "null"), accounts("an account alone", "5"),
    accounts("true for an account", "[true]"), accounts("far too large", "[\(String(repeating: "9", count: 300))]"),
    scope("no scope"), scope("both", "\"ctidTraderAccountIds\":[1]", "\"allAccounts\":true"),
    scope("not all", "\"allAccounts\":false"), scope("all as text", "\"allAccounts\":\"true\""),
    scope("all as 1", "\"allAccounts\":1"), scope("the singular", "\"ctidTraderAccountId\":1"),
    scope("the singular beside all", "\"allAccounts\":true", "\"ctidTraderAccountId\":1"),
    scope("another spelling", "\"allAccounts\":true", "\"ctidtraderaccountids\":[1]"),
    scope("null isVerified", "\"allAccounts\":true", "\"isVerified\":null"),
    scope("isVerified as text", "\"allAccounts\":true", "\"isVerified\":\"false\""),
    scope("isVerified as 0", "\"allAccounts\":true", "\"isVerified\":0"),
    scope("an unknown field", "\"allAccounts\":true", "\"scope\":\"all\""),
    user("a float user", { "\($0).0" }), user("a user as text", { "\"\($0)\"" }), user("a negative user", { "-\($0)" }),
    user("a user's exponent", { "\($0)e0" }),
  ]
}
