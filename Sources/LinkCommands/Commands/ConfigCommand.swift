import LinkKafka

/// `linkworker config list`, `config check` and `config example`: what can be set, whether what is set works, and a file to begin with.
enum ConfigCommand {
  static let list = CommandDefinition(
    name: "config list",
    summary: "List every setting: what it accepts, default, meaning, hazard.",
    about: "Without SETTING all settings, with it that one. They need not be set for that.",
    settings: nil,
    options: [.json],
    operands: [.optional("SETTING")],
    examples: ["linkworker config list", "linkworker config list adapter.timeout.ms", "linkworker config list --json"],
    exitCodes: [],
    body: { invocation throws(CommandFailure) in
      let rows =
        try invocation.operands.first.map { name throws(CommandFailure) in [try row(name)] } ?? SettingTable.all
      let isJSON = invocation.isSet("--json")
      for (index, row) in rows.enumerated() {
        if index > 0, !isJSON { invocation.console.print("") }
        invocation.console.print(isJSON ? SettingTable.json(of: row) : SettingTable.text(of: row))
      }
      return .ok
    })

  static let check = CommandDefinition(
    name: "config check",
    summary: "Check the settings; with --connect also Kafka, adapter and store.",
    about: """
      Prints every setting as it is in force, with the place that it comes from, and then all that is wrong; of secrets only that they \
      are set. With --connect it also tries everything that the settings name, one line each: ok, note (better not), problem or \
      untried. It changes nothing: no token is asked for, nothing is written to Kafka, no group is joined. Run it as the worker's user, \
      on the worker's machine; the worker may be running.
      """,
    settings: .worker,
    options: [.flag("--connect", "Try Kafka, topics, permissions, adapter, credential and store."), .json],
    examples: [
      "linkworker config check --config worker.properties",
      "linkworker config check --connect --config worker.properties",
      "linkworker config check --connect --json --config worker.properties",
    ],
    exitCodes: [.noInput, .unavailable, .cantCreate, .noPermission, .config],
    body: checkBody)

  static let example = CommandDefinition(
    name: "config example",
    summary: "Print a commented settings file to begin with.",
    about: "It has every setting: fill in what has no value, and what is a comment holds as it is.",
    settings: nil,
    examples: ["linkworker config example"],
    exitCodes: [],
    body: { invocation throws(CommandFailure) in
      invocation.console.print(SettingTable.example())
      return .ok
    })

  @Sendable private static func checkBody(_ invocation: Invocation) throws(CommandFailure) -> ExitCode {
    let loader = SettingsLoader(
      configFile: invocation.value("--config"), environment: invocation.environment, arguments: invocation.all("-X"))
    let survey = loader.survey(for: .worker)
    let isJSON = invocation.isSet("--json")
    for setting in survey.effective { invocation.console.print(isJSON ? setting.json : setting.line) }
    if !isJSON { invocation.console.print("") }
    let check = ConfigurationCheck(survey: survey, connects: invocation.isSet("--connect"))
    var problems: [ExitCode] = []
    check.run { result in
      invocation.console.print(isJSON ? result.json : result.line)
      if result.status == .problem { problems.append(result.exitCode) }
    }
    guard !problems.isEmpty else {
      if !isJSON { invocation.console.print("The worker \(check.connects ? "can run" : "takes these settings").") }
      return .ok
    }
    let count = problems.count == 1 ? "there is 1 problem" : "there are \(problems.count) problems"
    throw CommandFailure(
      CheckResult.worst(problems), .init("config check", "", count, hint: "what is said of each above"))
  }

  private static func row(_ name: String) throws(CommandFailure) -> SettingDefinition {
    if let row = SettingTable.definition(of: name) { return row }
    let prefix = SettingTable.passThroughPrefix
    let property = name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : ""
    if let reason = KafkaProperty.owned[property] {
      throw .usage(quoted(name), "cannot be set: \(reason)", hint: "linkworker config list")
    }
    if KafkaProperties.libraryNames().contains(property) {
      throw .usage(
        quoted(name), "is librdkafka's own and passes through to it",
        hint: "librdkafka's CONFIGURATION.md for \(property)")
    }
    let (reason, hint) = Suggestion.unknown(
      "is no setting", name, among: SettingTable.all.map(\.name), otherwise: "linkworker config list")
    throw .usage(quoted(name), reason, hint: hint)
  }
}
