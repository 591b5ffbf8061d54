import LinkCore

/// A request made at random, and what the adapter must be asked for because of it.
struct Grant {
  var userID: Int64
  /// Each name by its scalars: what is meant, whatever escapes write it.
  var brokerNames: [[Unicode.Scalar]]
  /// Nil for all accounts.
  var accounts: [Int64]?
  var isVerified: Bool?

  /// The names as they must arrive.
  var brokerNameBytes: [[UInt8]] { brokerNames.map { Array(Self.string($0).utf8) } }

  /// A grant for this user.
  init(userID: Int64, random: inout some RandomNumberGenerator) {
    self.userID = userID
    brokerNames = Names.list(&random)
    accounts = Int.random(in: 0..<5, using: &random) == 0 ? nil : Self.accounts(&random)
    isVerified = [nil, true, false][Int.random(in: 0..<3, using: &random)]
  }

  /// Numbers where reading by floating point would show: both ends, around 2^53, and any.
  private static func accounts(_ random: inout some RandomNumberGenerator) -> [Int64] {
    let count = Int.random(in: 0..<20, using: &random) == 0 ? 100 : Int.random(in: 1...8, using: &random)
    var accounts: [Int64] = []
    while accounts.count < count {
      let account: Int64 =
        switch Int.random(in: 0..<6, using: &random) {
        case 0: [1, .max, .max - 1, 2, 10, 4_294_967_296].randomElement(using: &random) ?? 1
        case 1: 9_007_199_254_740_992 + Int64.random(in: -3...3, using: &random)
        case 2: .random(in: 1...1_000_000, using: &random)
        default: .random(in: 1 ... .max, using: &random)
        }
      if !accounts.contains(account) { accounts.append(account) }
    }
    return accounts
  }

  /// The members of `data`, each written in one of the many ways that JSON has.
  func members(_ random: inout some RandomNumberGenerator) -> [String] {
    let space = [" ", "", "\n", "\t", "\r\n "]
    let names = brokerNames.map { Self.written($0, &random) }.joined(
      separator: "," + (space.randomElement(using: &random) ?? ""))
    var members = [#""userId":\#(userID)"#, #""brokerNames" :[\#(names)]"#]
    if let accounts {
      let list = accounts.map { "\($0)" }.joined(separator: " ," + (space.randomElement(using: &random) ?? ""))
      members.append(#""ctidTrader\u0041ccountIds":[ \#(list)]"#)
    } else {
      members.append(#""allAccounts": true"#)
    }
    if let isVerified { members.append(#""isVerified":\#(isVerified)"#) }
    members.shuffle(using: &random)
    return members
  }

  /// A string literal, each scalar as it is or as an escape.
  private static func written(_ scalars: [Unicode.Scalar], _ random: inout some RandomNumberGenerator) -> String {
    let escapes = ["\"": "\\\"", "\\": "\\\\", "/": "\\/"]
    let style = Int.random(in: 0..<3, using: &random)
    let text = scalars.map { scalar -> String in
      let mustEscape = scalar == "\"" || scalar == "\\"
      guard mustEscape || style == 2 || style == 1 && Bool.random(using: &random) else { return String(scalar) }
      if let short = escapes[String(scalar)], Bool.random(using: &random) { return short }
      return String(scalar).utf16.map { unit in
        let digits = String(unit, radix: 16, uppercase: Bool.random(using: &random))
        return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      }.joined()
    }
    return "\"\(text.joined())\""
  }

  private static func string(_ scalars: [Unicode.Scalar]) -> String {
    var view = String.UnicodeScalarView()
    view.append(contentsOf: scalars)
    return String(view)
  }
}

/// Broker names that are easily changed on their way.
private enum Names {
  private static let difficult = [
    "northwind", "a\"b\\c/d", "\\u0041", "\\", "\"", "/", "</script>", "&amp;%41", " leading and trailing ", "\u{A0}",
    // The same text composed and decomposed, and in two orders of combining marks
    "caf\u{E9}", "cafe\u{301}", "q\u{307}\u{323}", "q\u{323}\u{307}", "\u{212B}", "\u{C5}", "A\u{30A}", "\u{AC00}",
    "\u{1100}\u{1161}",
    "\u{1F600}", "\u{1F469}\u{200D}\u{1F469}\u{200D}\u{1F467}", "\u{1F1E9}\u{1F1EA}", "\u{10FFFF}", "\u{FFFF}",
    "\u{FFFD}",
    "\u{5E9}\u{5DC}\u{5D5}\u{5DD}", "\u{202E}abc\u{202C}", "\u{628}\u{631}\u{648}\u{643}\u{631}", "\u{200B}",
    "\u{FEFF}bom",
    "\u{2028}\u{2029}", "null", "true", "1", "NORTHWIND", "Northwind", "\u{130}", "\u{131}", "\u{DF}", "ss",
  ].map { Array($0.unicodeScalars) }

  static func list(_ random: inout some RandomNumberGenerator) -> [[Unicode.Scalar]] {
    let count = Int.random(in: 0..<20, using: &random) == 0 ? 32 : Int.random(in: 1...5, using: &random)
    // Some lists are full of what normalisation would make equal.
    var names = Int.random(in: 0..<10, using: &random) == 0 ? Array(difficult[10...18]) : []
    while names.count < count {
      let name = one(&random, isShort: count > 8)
      if !names.contains(name) { names.append(name) }
    }
    return names
  }

  private static func one(_ random: inout some RandomNumberGenerator, isShort: Bool) -> [Unicode.Scalar] {
    let kind = Int.random(in: 0..<5, using: &random)
    if kind < 3 { return difficult.randomElement(using: &random) ?? [] }
    // 255 characters at most, of whatever length in bytes; 32 long names of escapes would be too much for an event.
    let length = kind == 3 && !isShort ? 255 : Int.random(in: 1...20, using: &random)
    return (0..<length).map { _ in scalar(&random) }
  }

  /// Any character but a control one.
  private static func scalar(_ random: inout some RandomNumberGenerator) -> Unicode.Scalar {
    while true {
      let limit: UInt32 = [0x7F, 0x7F, 0x7FF, 0xFFFF, 0x10FFFF].randomElement(using: &random) ?? 0x7F
      guard let scalar = Unicode.Scalar(UInt32.random(in: 0x20...limit, using: &random)),
        !(0x7F...0x9F).contains(scalar.value)
      else { continue }
      return scalar
    }
  }
}
