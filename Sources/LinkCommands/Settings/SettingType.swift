public import LinkCore
import LinkOps

/// What a setting accepts, as the documentation says it.
public enum SettingKind: Hashable, Sendable {
  /// Any text without control characters, of 1 to `limit` characters.
  case text(limit: Int)
  /// The name of a Kafka topic.
  case topic
  /// Kafka brokers.
  case servers
  /// A whole number.
  case integer(ClosedRange<Int>, unit: String)
  /// A whole number of milliseconds.
  case duration(ClosedRange<Milliseconds>)
  /// `true` or `false`.
  case boolean
  /// One of these words.
  case choice([String])
  /// A file that must be readable at start.
  case file
  /// A file that holds one secret; its path is not shown in errors, lest somebody has written the secret itself.
  case secretFile
  /// A directory, made when it is missing.
  case directory
  /// An http or https address.
  case url
  /// A numeric IP address and a port to listen on, or `none`.
  case listenAddress
  /// HTTP statuses from 400 to 499, with commas between them.
  case statuses
  /// Texts with commas between them.
  case texts

  /// For the table of the documentation.
  public var summary: String {
    switch self {
    case .text: "text"
    case .topic: "topic name"
    case .servers: "`HOST:PORT,…`"
    case .integer(let range, let unit):
      "\(unit), \(range.lowerBound) … \(range.upperBound == .max ? "2⁶³−1" : String(range.upperBound))"
    case .duration(let range): "ms, \(range.lowerBound) … \(range.upperBound)"
    case .boolean: "`true`, `false`"
    case .choice(let words): words.map { "`\($0)`" }.joined(separator: ", ")
    case .file: "file"
    case .secretFile: "file with a secret"
    case .directory: "directory"
    case .url: "http(s) address"
    case .listenAddress: "`IP:PORT`, `none`"
    case .statuses: "`4xx,…`"
    case .texts: "`TEXT,…`"
    }
  }
}

/// How a setting's text becomes its value.
struct SettingType<Value: Sendable>: Sendable {
  let kind: SettingKind
  let read: @Sendable (String) throws(SettingFault) -> Value
}

extension SettingType where Value == String {
  static func text(limit: Int) -> Self {
    Self(kind: .text(limit: limit)) { value throws(SettingFault) in
      let count = Text(value).characterCount
      guard count <= limit else {
        throw SettingFault("has \(count) characters", hint: "a name of at most \(limit)")
      }
      return value
    }
  }

  static var topic: Self {
    Self(kind: .topic) { value throws(SettingFault) in
      let fits = value.utf8.allSatisfy { byte in
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"): true
        default: false
        }
      }
      guard fits, value.utf8.count <= 249, value != ".", value != ".." else {
        throw SettingFault(
          "cannot name a Kafka topic: \(quoted(value))", hint: "1-249 letters, digits, dots, dashes and underscores")
      }
      return value
    }
  }

  static var servers: Self {
    Self(kind: .servers) { value throws(SettingFault) in
      guard KafkaServer.list(value) != nil else {
        throw SettingFault("is no list of brokers: \(quoted(value))", hint: "HOST:PORT,HOST:PORT")
      }
      return value
    }
  }

  static var file: Self { Self(kind: .file) { value throws(SettingFault) in value } }

  static var directory: Self { Self(kind: .directory) { value throws(SettingFault) in value } }
}

extension SettingType where Value == Int {
  static func integer(_ range: ClosedRange<Int>, unit: String) -> Self {
    Self(kind: .integer(range, unit: unit)) { value throws(SettingFault) in
      let hint = "a whole number from \(range.lowerBound) to \(range.upperBound)"
      guard let number = wholeNumber(value) else {
        throw SettingFault("is not a whole number: \(quoted(value))", hint: hint)
      }
      guard let number = Int(exactly: number), range.contains(number) else {
        throw SettingFault("is out of range: \(quoted(value))", hint: hint)
      }
      return number
    }
  }
}

extension SettingType where Value == Milliseconds {
  static func duration(_ range: ClosedRange<Milliseconds>) -> Self {
    Self(kind: .duration(range)) { value throws(SettingFault) in
      let limits = "a whole number of milliseconds from \(range.lowerBound) to \(range.upperBound)"
      guard let number = wholeNumber(value) else {
        let meant = millisecondsMeant(by: value).flatMap { range.contains($0) ? String($0) : nil }
        throw SettingFault("is not a whole number of milliseconds: \(quoted(value))", hint: meant ?? limits)
      }
      guard range.contains(number) else { throw SettingFault("is out of range: \(quoted(value))", hint: limits) }
      return number
    }
  }
}

extension SettingType where Value == Bool {
  static var boolean: Self {
    Self(kind: .boolean) { value throws(SettingFault) in
      switch value {
      case "true": return true
      case "false": return false
      default:
        let meant: String? =
          switch value.lowercased() {
          case "yes", "on", "1", "true": "true"
          case "no", "off", "0", "false": "false"
          default: nil
          }
        throw SettingFault("is neither true nor false: \(quoted(value))", hint: meant ?? "true or false")
      }
    }
  }
}

extension SettingType where Value: CaseIterable & RawRepresentable, Value.RawValue == String {
  static var choice: Self {
    let words = Value.allCases.map(\.rawValue)
    return Self(kind: .choice(words)) { value throws(SettingFault) in
      guard let choice = Value(rawValue: value) else {
        throw SettingFault(
          "is not one of its words: \(quoted(value))",
          hint: Suggestion.nearest(to: value, among: words) ?? words.joined(separator: ", "))
      }
      return choice
    }
  }
}

extension SettingType where Value == AdapterURL {
  // The value is not shown: a password may stand in it
  static var url: Self { Self(kind: .url) { value throws(SettingFault) in try AdapterURL(value) } }
}

extension SettingType where Value == ListenAddress? {
  static var listenAddress: Self {
    Self(kind: .listenAddress) { value throws(SettingFault) in
      if value == "none" { return nil }
      guard let address = ListenAddress(value) else {
        throw SettingFault(
          "is no address to listen on: \(quoted(value))", hint: "127.0.0.1:9464, [::1]:9464, 0.0.0.0:9464, or none")
      }
      return address
    }
  }
}

extension SettingType where Value == SecretFile {
  static var secretFile: Self {
    Self(kind: .secretFile) { value throws(SettingFault) in SecretFile(path: value) }
  }
}

/// The number that `text` writes in ASCII digits with an optional minus; nil for every other spelling. What exceeds Int64 is held
/// at its end, so that it is out of range and not misspelt.
private func wholeNumber(_ text: String) -> Int64? {
  let digits = text.hasPrefix("-") ? text.dropFirst() : text[...]
  guard !digits.isEmpty, digits.utf8.allSatisfy({ 0x30...0x39 ~= $0 }) else { return nil }
  return Int64(text) ?? (text.hasPrefix("-") ? .min : .max)
}

/// What somebody means who writes `5s` or `72 h`.
private func millisecondsMeant(by text: String) -> Milliseconds? {
  let digits = text.prefix { $0.isASCII && $0.isNumber }
  let units: [String: Int64] = [
    "ms": 1, "s": 1000, "sec": 1000, "m": 60_000, "min": 60_000, "h": 3_600_000, "d": 86_400_000,
  ]
  let unit = text.dropFirst(digits.count).drop { $0 == " " }.lowercased()
  guard let number = Int64(digits), let factor = units[unit] else { return nil }
  let (product, overflow) = number.multipliedReportingOverflow(by: factor)
  return overflow ? nil : product
}
