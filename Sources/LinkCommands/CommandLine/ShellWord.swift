/// A word of a command line as it was typed, with its quoting.
enum ShellWord {
  /// What the shell would pass on for `typed`, a quotation that is not closed yet included. Variables and other substitutions stay as they
  /// are: nothing that was merely typed may be run.
  static func unquoted(_ typed: String) -> String {
    var plain = ""
    var quote: Character?
    var rest = typed[...]
    while let character = rest.popFirst() {
      switch (character, quote) {
      case ("'", "'"), ("\"", "\""): quote = nil
      case ("'", nil), ("\"", nil): quote = character
      case ("\\", nil): plain += rest.popFirst().map(String.init) ?? ""
      case ("\\", "\""):
        // Between double quotes a backslash stands for itself before most letters.
        if let next = rest.first, "\\\"$`".contains(next) {
          rest = rest.dropFirst()
          plain.append(next)
        } else {
          plain.append(character)
        }
      default: plain.append(character)
      }
    }
    return plain
  }
}
