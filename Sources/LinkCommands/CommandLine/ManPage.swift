/// linkworker(1), from the tables of commands, settings and exit codes.
enum ManPage {
  /// The page in roff's man macros, which groff and mandoc know.
  static func roff(_ commands: [CommandDefinition]) -> String {
    var page = Roff(name: "linkworker", section: 1, date: Version.date, source: "linkworker \(Version.current)")
    introduce(&page)
    page.section("commands")
    page.part("linkworker help [COMMAND] [--json]")
    page.paragraph("The list of commands, or the help of one or of those whose names begin so.")
    page.entry("--json", "What the definitions say of the commands, for programs: one JSON object a line.")
    page.paragraph(
      "`linkworker help settings` prints the table of settings, `linkworker help metrics` that of metrics.")
    for command in commands { describe(command, &page) }
    describeSettings(&page)
    page.section("exit status")
    page.paragraph(
      "The codes of sysexits.h. After 69, 70 and 75 another start may go well; after the others it will not.")
    for code in ExitCode.allCases { page.entry(String(code.rawValue), code.meaning + ".") }
    describeSurroundings(&page)
    page.section("examples")
    for command in commands where !command.examples.isEmpty {
      page.paragraph(command.summary)
      page.verbatim(command.examples)
    }
    page.section("see also")
    page.paragraph("`bash`(1), `zsh`(1), `kcat`(1)")
    return page.text
  }

  private static func introduce(_ page: inout Roff) {
    page.section("name")
    page.title("linkworker", "gets TradingView tokens for link requests on a Kafka topic")
    page.section("synopsis")
    page.synopsis([
      "`linkworker` COMMAND [OPTION…]", "`linkworker help` [COMMAND] [`--json`]", "`linkworker --version`",
    ])
    page.section("description")
    page.paragraph(
      """
      linkworker takes link requests from a Kafka topic, has Spotware's TradingView adapter generate a token for each, tries again \
      where that can help, and publishes one outcome for each request: the token, or the reason why there is none. A fleet of equal \
      workers shares the partitions of the topic.
      """)
    page.paragraph(
      """
      Results go to standard output, failures and the log to standard error. A failure is one line: what failed, on what, why, and \
      what to try.
      """)
    page.section("options")
    page.entry("-h, --help", "The list of commands; after a command, its help.")
    page.entry("-V, --version", "The version.")
    page.paragraph(
      """
      A value follows its option as the next argument, or after `=`. After `--` all is operands. Commands that say so take settings:
      """)
    for option in CommandDefinition.settingsOptions { describe(option, &page) }
  }

  private static func describe(_ command: CommandDefinition, _ page: inout Roff) {
    page.part("linkworker \(command.synopsis)")
    page.paragraph(command.summary)
    page.paragraphs(command.about)
    switch command.settings {
    case .worker: page.paragraph("Takes settings (`--config`, `-X`).")
    case .kafka: page.paragraph("Takes settings (`--config`, `-X`), and needs those of Kafka and of the topics.")
    case .admin: page.paragraph("Takes settings (`--config`, `-X`), and needs `admin.listen` alone.")
    case nil: break
    }
    for option in command.options { describe(option, &page) }
    page.paragraph("Exit codes: \(command.allExitCodes.map { String($0.rawValue) }.joined(separator: ", ")).")
  }

  private static func describe(_ option: OptionDefinition, _ page: inout Roff) {
    page.entry(
      option.name, variable: option.value ?? "", option.meaning + (option.isRepeatable ? " May be repeated." : ""))
  }

  private static func describeSettings(_ page: inout Roff) {
    page.section("settings")
    page.paragraph(
      """
      From the file of `--config` (else of `LINKWORKER_CONFIG`), from the environment (`LINKWORKER_ADAPTER_URL` for `adapter.url`) and \
      from `-X`, each winning over the one before.
      """)
    for row in SettingTable.all {
      let preset =
        switch row.presence {
        case .required: "required"
        case .optional: "none by default"
        case .preset(let value): "default \(value)"
        }
      var meaning = row.meaning
      if !row.interactions.isEmpty { meaning += " " + row.interactions }
      if !row.hazard.isEmpty { meaning += " Mind: " + row.hazard }
      page.entry(row.name, note: "(\(preset))", "\(meaning) Accepts: \(row.kind.summary).")
    }
    page.entry(
      SettingTable.passThroughPrefix + "NAME",
      "Every other property of librdkafka, without the prefix, but those that the worker sets itself.")
  }

  private static func describeSurroundings(_ page: inout Roff) {
    page.section("environment")
    page.entry("LINKWORKER_CONFIG", "The file of settings where `--config` is not given.")
    page.entry("LINKWORKER_NAME", "A setting, its name in capitals, with underscores for dots and dashes.")
    page.entry("NO_COLOR", "When it is set and not empty, nothing is coloured.")
    page.entry("TMPDIR", "Where `linkworker sandbox` keeps its files while it runs, instead of /tmp.")
    page.section("files")
    page.paragraph("There are none at fixed places; these settings name them.")
    for row in SettingTable.all {
      switch row.kind {
      case .file, .secretFile, .directory: page.entry(row.name, row.meaning)
      case .text, .topic, .servers, .integer, .duration, .boolean, .choice, .url, .listenAddress, .statuses, .texts:
        break
      }
    }
  }
}
