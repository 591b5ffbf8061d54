/// One command: parsing and help follow from it.
struct CommandDefinition: Sendable {
  /// One word or two, for instance `topics create`.
  var name: String
  /// Under which heading the overview lists it.
  var group: CommandGroup = .operate
  /// One line for the list of commands.
  var summary: String
  /// What it does and what one should know, in a few sentences.
  var about: String
  /// What of the settings it needs; then it takes `--config` and `-X` as well. nil: none.
  var settings: SettingsUse?
  /// Its own options.
  var options: [OptionDefinition] = []
  /// What it takes besides options, in this order.
  var operands: [OperandDefinition] = []
  /// Command lines that work.
  var examples: [String]
  /// Words that it writes once it is up, of a command that runs until SIGTERM or SIGINT; nil: it ends by itself.
  var readyText: String?
  /// The codes with which it can end, besides those of every command: a wrong command line, and an output that cannot be written.
  var exitCodes: [ExitCode]
  /// Does it.
  var body: @Sendable (Invocation) throws(CommandFailure) -> ExitCode

  /// Its own options and those of the settings.
  var allOptions: [OptionDefinition] { (settings == nil ? [] : Self.settingsOptions) + options }

  /// All codes with which it can end, from the lowest on.
  var allExitCodes: [ExitCode] { Set([.ok, .usage, .cantCreate] + exitCodes).sorted { $0.rawValue < $1.rawValue } }

  /// How it is called, without the program's name: `topics create [OPTION…]`.
  var synopsis: String {
    ([name] + (allOptions.isEmpty ? [] : ["[OPTION…]"]) + operands.map(\.usage)).joined(separator: " ")
  }

  /// The options of all commands that take settings.
  static let settingsOptions: [OptionDefinition] = [
    .value(
      "--config", "FILE", "Settings in the syntax of Java's properties; without it the file of LINKWORKER_CONFIG."),
    .value(
      "-X", "NAME=VALUE", repeatable: true,
      "One setting; it wins over the environment, which wins over the file. Shows in process lists: no secrets."),
  ]
}
