/// What a command line asks for.
enum CommandRequest {
  /// The list of commands.
  case overview
  /// The help of these commands: of one, or of those whose names begin with the same word.
  case help([CommandDefinition])
  /// The same for programs.
  case catalogue([CommandDefinition])
  /// The table of settings.
  case settings
  /// The table of metrics.
  case metrics
  /// The version.
  case version
  /// A command.
  case run(Invocation)
}

/// Reads a command line: `COMMAND [OPTION | OPERAND]…`. A value follows its option as the next argument or after `=`; after `--` all
/// is operands.
struct CommandParser {
  let commands: [CommandDefinition]
  let environment: [String: String]

  /// What `arguments`, without the program's own name, ask for.
  func parse(_ arguments: [String]) throws(CommandFailure) -> CommandRequest {
    guard let first = arguments.first else {
      throw .usage("", "no command given", hint: "linkworker --help")
    }
    switch first {
    case "--help", "-h": return .overview
    case "--version", "-V": return .version
    case "help": return try help(Array(arguments.dropFirst()))
    case _ where first.hasPrefix("-"):
      throw unknown(
        shownOption(first), "no such option", first, among: ["--help", "--version"], otherwise: "linkworker --help")
    case _ where arguments.count == 2 && ["--help", "-h"].contains(arguments[1]):
      return .help(try topic([first], first))
    default:
      let (command, rest) = try command(in: arguments)
      return try parse(rest, for: command)
    }
  }

  /// What `help` with these words asks for.
  private func help(_ arguments: [String]) throws(CommandFailure) -> CommandRequest {
    let json = OptionDefinition.json.name
    let words = arguments.filter { !$0.hasPrefix("-") }
    for option in arguments where option.hasPrefix("-") && ![json, "--help", "-h"].contains(option) {
      throw unknown(shownOption(option), "no such option of help", option, among: [json], otherwise: "linkworker help")
    }
    let isForPrograms = arguments.contains(json)
    switch words.first {
    case nil: return isForPrograms ? .catalogue(commands) : .overview
    case let table? where words.count == 1 && ["settings", "metrics"].contains(table):
      guard !isForPrograms else {
        throw .usage(json, "is for commands, and not for the table of \(table)", hint: "linkworker help \(table)")
      }
      return table == "settings" ? .settings : .metrics
    // Help on help is what help says of the rest.
    case "help"?:
      var rest = arguments
      if let index = rest.firstIndex(of: "help") { rest.remove(at: index) }
      return try help(rest)
    case let first?:
      let topics = try topic(words, first)
      return isForPrograms ? .catalogue(topics) : .help(topics)
    }
  }

  /// The commands that `help WORD…` is about.
  private func topic(_ words: [String], _ first: String) throws(CommandFailure) -> [CommandDefinition] {
    let family = commands.filter { $0.name == first || $0.name.hasPrefix(first + " ") }
    if words.count == 1, !family.isEmpty { return family }
    return [try command(in: words).command]
  }

  private func command(
    in arguments: [String]
  ) throws(CommandFailure) -> (command: CommandDefinition, rest: ArraySlice<String>) {
    for count in [2, 1] where arguments.count >= count {
      let name = arguments.prefix(count).joined(separator: " ")
      if let command = commands.first(where: { $0.name == name }) { return (command, arguments.dropFirst(count)) }
    }
    let first = arguments[0]
    let family = commands.filter { $0.name.hasPrefix(first + " ") }.map { $0.name.dropFirst(first.count + 1) }
    guard family.isEmpty else {
      let second = arguments.dropFirst().first { !$0.hasPrefix("-") }
      let choices = family.joined(separator: ", ")
      guard let second else { throw .usage(first, "needs one of \(choices)", hint: "linkworker help \(first)") }
      throw unknown(
        "\(first) \(quoted(second))", "no such command", second, among: family.map(String.init), otherwise: choices)
    }
    let names = commands.map { $0.name.prefix { $0 != " " } }.map(String.init) + ["help"]
    throw unknown(quoted(first), "no such command", first, among: names, otherwise: "linkworker --help")
  }

  private func parse(
    _ arguments: ArraySlice<String>, for command: CommandDefinition
  ) throws(CommandFailure) -> CommandRequest {
    var values: [String: [String]] = [:]
    var operands: [String] = []
    var rest = arguments
    while let argument = rest.popFirst() {
      if argument == "--" {
        operands += rest
        break
      }
      guard argument.hasPrefix("-"), argument != "-" else {
        operands.append(argument)
        continue
      }
      if argument == "--help" || argument == "-h" { return .help([command]) }
      let (option, attached) = try option(in: argument, of: command)
      if values[option.name] != nil, !option.isRepeatable {
        throw .usage(option.name, "stands there twice", hint: "keep one of the two")
      }
      guard let valueName = option.value else {
        guard attached == nil else { throw .usage(option.name, "takes no value", hint: option.name) }
        values[option.name, default: []].append("")
        continue
      }
      guard let value = attached ?? rest.popFirst() else {
        throw .usage(option.name, "needs a value", hint: "\(option.name) \(valueName)")
      }
      values[option.name, default: []].append(value)
    }
    guard operands.count <= command.operands.count || command.operands.last?.isRepeatable == true else {
      throw .usage(
        quoted(operands[command.operands.count]), "is one argument too many", hint: "linkworker help \(command.name)")
    }
    if let missing = command.operands.dropFirst(operands.count).first(where: { !$0.isOptional }) {
      throw .usage(command.name, "needs \(missing.name)", hint: "linkworker help \(command.name)")
    }
    return .run(Invocation(command: command, values: values, operands: operands, environment: environment))
  }

  /// The option at the beginning of `argument` and the value that is attached to it: `--name=value`, `-Xvalue`.
  private func option(
    in argument: String, of command: CommandDefinition
  ) throws(CommandFailure) -> (option: OptionDefinition, attached: String?) {
    let isLong = argument.hasPrefix("--")
    let name = isLong ? String(argument.prefix { $0 != "=" }) : String(argument.prefix(2))
    if let option = command.allOptions.first(where: { $0.name == name }) {
      let rest = argument.dropFirst(name.count)
      return (option, rest.isEmpty ? nil : String(isLong ? rest.dropFirst() : rest))
    }
    throw unknown(
      shownOption(name), "no such option of \(command.name)", name,
      among: command.allOptions.map(\.name) + ["--help"], otherwise: "linkworker help \(command.name)")
  }

  private func unknown(
    _ subject: String, _ reason: String, _ name: String, among candidates: [String], otherwise: String
  ) -> CommandFailure {
    let (reason, hint) = Suggestion.unknown(reason, name, among: candidates, otherwise: otherwise)
    return .usage(subject, reason, hint: hint)
  }

  /// An unknown option without what may be its value, which may be a secret.
  private func shownOption(_ argument: String) -> String { quoted(String(argument.prefix { $0 != "=" })) }
}
