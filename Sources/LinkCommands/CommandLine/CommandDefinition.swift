/// One command: parsing and help follow from it.
struct CommandDefinition: Sendable {
  /// One word or two, for instance `topics create`.
  var name: String
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
  /// The codes with which it can end, besides those of a wrong command line.
  var exitCodes: [ExitCode]
  /// Does it.
  var body: @Sendable (Invocation) throws(CommandFailure) -> ExitCode

  /// Its own options and those of the settings.
  var allOptions: [OptionDefinition] { (settings == nil ? [] : Self.settingsOptions) + options }

  private static let settingsOptions: [OptionDefinition] = [
    .value(
      "--config", "FILE", "Settings in the syntax of Java's properties; without it the file of LINKWORKER_CONFIG."),
    .value(
      "-X", "NAME=VALUE", repeatable: true,
      "One setting; it wins over the environment, which wins over the file. Shows in process lists: no secrets."),
  ]
}
