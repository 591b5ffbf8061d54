import LinkKafka

/// A call of this program as it can be typed again, without what says where its input comes from, and without secrets.
struct CommandWords {
  private let words: [String]

  /// Options that are repeated where they were given.
  private static let options = ["--config", "--rate", "--wait", "--timeout", "--json"]

  init(_ invocation: Invocation) {
    let program = ReadyCommand.program(
      called: CommandLine.arguments.first ?? "linkworker", environment: invocation.environment)
    var words: [String] = []
    for option in Self.options {
      guard let value = invocation.value(option) else { continue }
      words.append(option)
      if !value.isEmpty { words.append(quotedForShell(value)) }
    }
    for setting in invocation.all("-X") { words += ["-X", quotedForShell(Self.shown(setting))] }
    self.words = [program, invocation.command.name] + words
  }

  /// For a shell.
  var text: String { words.joined(separator: " ") }

  /// `name=value`, or `name=…` where the value may be a secret.
  private static func shown(_ setting: String) -> String {
    let name = String(setting.prefix { $0 != "=" })
    let prefix = SettingTable.passThroughPrefix
    let isShown =
      SettingTable.definition(of: name).map { $0.kind != .url }
      ?? (name.hasPrefix(prefix) && !KafkaProperties.isSecret(String(name.dropFirst(prefix.count))))
    return isShown ? setting : "\(name)=…"
  }
}
