import LinkKafka

/// A call of this program as it can be typed again, without what says where its input comes from, and without secrets.
struct CommandWords {
  private let words: [String]

  /// - Parameters:
  ///   - options: Those that are repeated where they were given.
  ///   - added: Words that follow them.
  init(_ invocation: Invocation, repeating options: [String], adding added: [String] = []) {
    let program = ReadyCommand.program(
      called: CommandLine.arguments.first ?? "linkworker", environment: invocation.environment)
    var words: [String] = []
    for option in ["--config"] + options {
      for value in invocation.all(option) {
        words.append(option)
        let isFlag = invocation.command.allOptions.contains { $0.name == option && $0.value == nil }
        if !isFlag { words.append(quotedForShell(value)) }
      }
    }
    for setting in invocation.all("-X") { words += ["-X", quotedForShell(Self.shown(setting))] }
    self.words = [program, invocation.command.name] + words + added.map { quotedForShell($0) }
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
