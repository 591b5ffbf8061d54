public import LinkCore

/// What a field of a log line can be. A `Secret` is not among them: it becomes the text `<secret>`, whichever way it is handed over.
public enum LogValue: Hashable, Sendable {
  /// A text; cut at 4 KiB when it is written.
  case string(String)
  /// A whole number.
  case integer(Int64)
  /// A number; what is not finite is written as a text.
  case double(Double)
  /// Yes or no.
  case bool(Bool)
  /// Several values.
  case list([LogValue])

  /// A whole number.
  @_disfavoredOverload
  public static func integer(_ value: some BinaryInteger) -> LogValue { .integer(Int64(clamping: value)) }

  /// `<secret>`: that there is one, and nothing of it.
  public static func secret(_ secret: Secret) -> LogValue { .string(secret.description) }
}

extension LogValue: ExpressibleByStringInterpolation, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
  ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral
{
  /// A literal text.
  public init(stringLiteral value: String) { self = .string(value) }

  /// A literal whole number.
  public init(integerLiteral value: Int64) { self = .integer(value) }

  /// A literal number.
  public init(floatLiteral value: Double) { self = .double(value) }

  /// A literal yes or no.
  public init(booleanLiteral value: Bool) { self = .bool(value) }

  /// A literal list.
  public init(arrayLiteral elements: LogValue...) { self = .list(elements) }
}

/// The fields of a log line, in the order in which they are written.
public struct LogFields: Sendable, ExpressibleByDictionaryLiteral {
  private(set) var pairs: [(name: String, value: LogValue)]

  /// The fields of a literal `["name": value]`. The names `time`, `level`, `event` and `message` are the line's own.
  public init(dictionaryLiteral elements: (String, LogValue)...) { pairs = elements }

  /// Appends `,"name":value` for each: members of a JSON object that has some already.
  func encode(to bytes: inout [UInt8]) {
    for (name, value) in pairs {
      bytes.append(UInt8(ascii: ","))
      LogText.appendQuoted(name, to: &bytes)
      bytes.append(UInt8(ascii: ":"))
      value.encode(to: &bytes)
    }
  }

  /// Adds a field at the end.
  public mutating func append(_ name: String, _ value: LogValue) { pairs.append((name, value)) }

  /// Adds other fields at the end.
  public mutating func append(_ others: LogFields) { pairs += others.pairs }
}
