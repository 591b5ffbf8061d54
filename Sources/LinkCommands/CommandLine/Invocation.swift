/// A command as it was called.
struct Invocation: Sendable {
  /// The command.
  var command: CommandDefinition
  /// The values of its options by name; an option without value has one empty value for each time that it stands there.
  var values: [String: [String]]
  /// The rest: as many as the command has operands, or fewer where some may be left out.
  var operands: [String]
  /// The process's environment.
  var environment: [String: String]
  /// Where to write.
  var console = Console()

  /// Whether a flag was given.
  func isSet(_ option: String) -> Bool { values[option] != nil }

  /// The value of an option, or nil.
  func value(_ option: String) -> String? { values[option]?.last }

  /// All values of a repeatable option.
  func all(_ option: String) -> [String] { values[option] ?? [] }

  /// The whole number of an option, or nil where it was not given.
  func integer(_ option: String, in range: ClosedRange<Int>) throws(CommandFailure) -> Int? {
    guard let text = value(option) else { return nil }
    guard text.utf8.allSatisfy({ 0x30...0x39 ~= $0 }), let number = Int(text), range.contains(number) else {
      throw .usage(
        option, "\(quoted(text)) is not a whole number from \(range.lowerBound) to \(range.upperBound)",
        hint: "\(option) \(range.lowerBound)")
    }
    return number
  }

  /// The whole numbers from 1 on of a repeatable option, as users and accounts have them.
  func positives(_ option: String) throws(CommandFailure) -> [Int64] {
    var numbers: [Int64] = []
    for text in all(option) {
      guard let number = Self.positive(text) else {
        throw .usage(
          option, "\(quoted(text)) is not a whole number from 1 to \(Int64.max)", hint: "\(option) 14601")
      }
      numbers.append(number)
    }
    return numbers
  }

  /// The whole number from 1 on that `text` writes in digits alone, or nil.
  static func positive(_ text: some StringProtocol) -> Int64? {
    guard text.utf8.allSatisfy({ 0x30...0x39 ~= $0 }), let number = Int64(text), number >= 1 else { return nil }
    return number
  }

  /// The settings, as far as the command needs them.
  func settings() throws(CommandFailure) -> WorkerSettings {
    let loader = SettingsLoader(
      configFile: value("--config"), environment: environment, arguments: all("-X"))
    do {
      return try loader.load(for: command.settings ?? .worker)
    } catch {
      throw CommandFailure(error)
    }
  }
}
