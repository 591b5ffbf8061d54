/// An option of a command.
struct OptionDefinition: Hashable, Sendable {
  /// As it is written: `--port`, or `-X`.
  var name: String
  /// What its value is called in the help; nil where it takes none.
  var value: String?
  /// What it does, in a sentence; its default included.
  var meaning: String
  /// Whether it may be given more than once.
  var isRepeatable = false

  /// `--json`, of every command that prints data.
  static let json = flag("--json", "One JSON object a line instead of text.")

  /// An option that takes a value.
  static func value(_ name: String, _ value: String, repeatable: Bool = false, _ meaning: String) -> OptionDefinition {
    OptionDefinition(name: name, value: value, meaning: meaning, isRepeatable: repeatable)
  }

  /// An option that is there or not.
  static func flag(_ name: String, _ meaning: String) -> OptionDefinition {
    OptionDefinition(name: name, value: nil, meaning: meaning)
  }

  /// As the help writes it.
  var usage: String { value.map { "\(name) \($0)" } ?? name }
}
