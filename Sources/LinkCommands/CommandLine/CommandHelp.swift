/// The help, made of the tables of commands and settings.
enum CommandHelp {
  /// `linkworker --help`
  static func overview(_ commands: [CommandDefinition]) -> String {
    let width = commands.map(\.name.count).max() ?? 0
    let groups = CommandGroup.allCases.compactMap { group -> String? in
      let members = commands.filter { $0.group == group }
      guard !members.isEmpty else { return nil }
      let lines = members.map { "  " + pad($0.name, width) + "  " + $0.summary }
      return "\(group.title):\n" + lines.joined(separator: "\n")
    }
    return """
      linkworker has a TradingView adapter generate a token for each link request on a Kafka
      topic. `linkworker sandbox` shows it at work, without anything else.

      usage: linkworker COMMAND [OPTION…]
             linkworker help [COMMAND] [--json]
             linkworker help settings | metrics
             linkworker --version

      \(groups.joined(separator: "\n\n"))

      Results go to standard output, failures and the log to standard error. Exit codes are
      those of sysexits.h: `linkworker help COMMAND` has those of a command.

      """
  }

  /// `linkworker help COMMAND`
  static func page(of command: CommandDefinition) -> String {
    var parts = ["usage: linkworker \(command.synopsis)", folded(command.about, indent: "")]
    let options = command.allOptions.map { entry($0.usage, $0.meaning + ($0.isRepeatable ? " May be repeated." : "")) }
    parts.append("options:\n" + (options + [entry("-h, --help", "This help.")]).joined(separator: "\n"))
    if let use = command.settings { parts.append(settings(use)) }
    if !command.examples.isEmpty {
      parts.append("examples:\n" + command.examples.map { "  " + $0 }.joined(separator: "\n"))
    }
    let codes = command.allExitCodes.map { "  \(pad(String($0.rawValue), 3)) \($0.meaning)" }
    parts.append("exit codes:\n" + codes.joined(separator: "\n"))
    return parts.joined(separator: "\n\n") + "\n"
  }

  private static func settings(_ use: SettingsUse) -> String {
    let rows = SettingTable.all.filter { use.needs($0.name) }.map { row in
      let preset =
        switch row.presence {
        case .required: "required"
        case .optional: "none by default"
        case .preset(let value): "default \(value)"
        }
      return entry("\(row.name) (\(preset))", row.meaning)
    }
    let passedThrough = entry("kafka.…", "Every other property of librdkafka, without the prefix.")
    return "settings (in the file, after -X, or LINKWORKER_… in the environment, in capitals):\n"
      + (rows + (use.needs(SettingTable.passThroughPrefix) ? [passedThrough] : [])).joined(separator: "\n")
      + "\n  `linkworker help settings` says what each accepts, and what to mind."
  }

  private static func entry(_ head: String, _ text: String) -> String {
    "  \(head)\n" + folded(text, indent: "      ")
  }

  /// In lines of at most 88 letters: a terminal has 80 to 100 columns. A line that begins with blanks stays as it is.
  static func folded(_ text: String, indent: String) -> String {
    var lines: [String] = []
    for paragraph in text.split(separator: "\n", omittingEmptySubsequences: false) {
      guard !paragraph.hasPrefix(" ") else {
        lines.append(indent + paragraph)
        continue
      }
      var line = indent
      for word in paragraph.split(separator: " ") {
        if line.count + word.count > 87, line.count > indent.count {
          lines.append(line)
          line = indent
        }
        line += (line.count > indent.count ? " " : "") + word
      }
      lines.append(line)
    }
    return lines.joined(separator: "\n")
  }

  private static func pad(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }
}
