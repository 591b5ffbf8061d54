/// The help, made of the tables of commands and settings.
enum CommandHelp {
  /// `linkworker --help`
  static func overview(_ commands: [CommandDefinition]) -> String {
    let width = commands.map(\.name.count).max() ?? 0
    let list = commands.map { "  " + pad($0.name, width) + "  " + $0.summary }
    return """
      linkworker has a TradingView adapter generate a token for each link request on a Kafka topic.

      usage: linkworker COMMAND [OPTION…]
             linkworker help COMMAND
             linkworker help settings
             linkworker --version

      commands:
      \(list.joined(separator: "\n"))

      Results go to standard output, failures and the log to standard error. Exit codes are those of sysexits.h.

      """
  }

  /// `linkworker help COMMAND`
  static func page(of command: CommandDefinition) -> String {
    let arguments = (command.allOptions.isEmpty ? [] : ["[OPTION…]"]) + command.operands.map(\.usage)
    var parts = [
      "usage: linkworker \(([command.name] + arguments).joined(separator: " "))", folded(command.about, indent: ""),
    ]
    let options = command.allOptions + [.flag("--help", "This help.")]
    parts.append("options:\n" + options.map { entry($0.usage, $0.meaning) }.joined(separator: "\n"))
    if let use = command.settings { parts.append(settings(use)) }
    if !command.examples.isEmpty {
      parts.append("examples:\n" + command.examples.map { "  " + $0 }.joined(separator: "\n"))
    }
    let codes = [ExitCode.ok, .usage] + command.exitCodes
    let sorted = Set(codes).sorted { $0.rawValue < $1.rawValue }
    parts.append(
      "exit codes:\n" + sorted.map { "  \(pad(String($0.rawValue), 3)) \($0.meaning)" }.joined(separator: "\n"))
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
    return "settings (in the file and after -X; LINKWORKER_… in the environment, in capitals with underscores):\n"
      + rows.joined(separator: "\n") + "\n"
      + entry("kafka.…", "Every other property of librdkafka, without the prefix.")
  }

  private static func entry(_ head: String, _ text: String) -> String {
    "  \(head)\n" + folded(text, indent: "      ")
  }

  /// In lines of at most 100 letters.
  static func folded(_ text: String, indent: String) -> String {
    var lines: [String] = []
    for paragraph in text.split(separator: "\n", omittingEmptySubsequences: false) {
      var line = indent
      for word in paragraph.split(separator: " ") {
        if line.count + word.count > 100, line.count > indent.count {
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
