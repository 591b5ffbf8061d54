import LinkSandbox

/// Completes command lines from the tables of commands and settings. The shells' scripts ask the program for it, by `linkworker __complete`:
/// so both shells offer the same, of the version that is installed and of the librdkafka that it runs with.
struct Completion {
  let commands: [CommandDefinition]
  let settings: SettingCompletion

  /// The first word of a command line that asks for completion. Not for people, and so in no list.
  static let request = "__complete"

  /// What can stand for the last of `typed`, the words after the program's name as they were typed, up to the cursor.
  func answer(_ typed: [String]) -> CompletionAnswer {
    var before = typed.map(ShellWord.unquoted)
    let current = before.popLast() ?? ""
    let all = answer(before, current)
    return CompletionAnswer(candidates: all.candidates.filter { $0.text.hasPrefix(current) }, paths: all.paths)
  }

  private func answer(_ before: [String], _ current: String) -> CompletionAnswer {
    guard let first = before.first else { return beginning(current) }
    if first == "help" { return help(Array(before.dropFirst()), current) }
    for count in [2, 1] where before.count >= count {
      let name = before.prefix(count).joined(separator: " ")
      guard let command = commands.first(where: { $0.name == name }) else { continue }
      var answer = arguments(of: command, before.dropFirst(count), current)
      if before.count == count { answer.candidates = members(of: name) + answer.candidates }
      return answer
    }
    let members = members(of: first)
    return CompletionAnswer(candidates: before.count == 1 && !members.isEmpty ? members + [Self.helpOption] : [])
  }

  private static let helpOption = CompletionAnswer.Candidate(text: "--help", meaning: "This help.")
  private static let jsonOption = CompletionAnswer.Candidate(
    text: OptionDefinition.json.name, meaning: OptionDefinition.json.meaning)

  /// Options are offered to those who ask for them by a dash.
  private func beginning(_ current: String) -> CompletionAnswer {
    guard !current.hasPrefix("-") else {
      return CompletionAnswer(candidates: [
        .init(text: "--help", meaning: "The list of commands."), .init(text: "--version", meaning: "The version."),
      ])
    }
    return CompletionAnswer(
      candidates: firstWords() + [.init(text: "help", meaning: "Help on a command, or on the settings.")])
  }

  private func help(_ before: [String], _ current: String) -> CompletionAnswer {
    if current.hasPrefix("-") {
      return CompletionAnswer(candidates: before.contains("--json") ? [] : [Self.jsonOption])
    }
    let words = before.filter { $0 != "--json" }
    switch words.count {
    case 0:
      let settings = CompletionAnswer.Candidate(text: "settings", meaning: "All settings, as a table.")
      let metrics = CompletionAnswer.Candidate(text: "metrics", meaning: "All metrics, as a table.")
      return CompletionAnswer(candidates: firstWords() + [settings, metrics])
    case 1: return CompletionAnswer(candidates: members(of: words[0]))
    default: return CompletionAnswer()
    }
  }

  /// The commands' first words, each once; one that is no command by itself says what can follow it.
  private func firstWords() -> [CompletionAnswer.Candidate] {
    var seen: Set<Substring> = []
    return commands.compactMap { command in
      let word = command.name.prefix { $0 != " " }
      guard seen.insert(word).inserted else { return nil }
      let own = commands.first { $0.name == word }?.summary
      return .init(text: String(word), meaning: own ?? members(of: String(word)).map(\.text).joined(separator: ", "))
    }
  }

  /// The second words of the commands that begin with `word`.
  private func members(of word: String) -> [CompletionAnswer.Candidate] {
    commands.filter { $0.name.hasPrefix(word + " ") }.map {
      .init(text: String($0.name.dropFirst(word.count + 1)), meaning: $0.summary)
    }
  }

  /// What can follow the words `before` of a command, as `CommandParser` reads them.
  private func arguments(
    of command: CommandDefinition, _ before: ArraySlice<String>, _ current: String
  ) -> CompletionAnswer {
    var given: Set<String> = []
    var operandCount = 0
    var rest = before
    while let argument = rest.popFirst() {
      if argument == "--" {
        return operand(operandCount + rest.count, of: command, current)
      }
      guard argument.hasPrefix("-"), argument != "-" else {
        operandCount += 1
        continue
      }
      guard let (option, attached) = option(in: argument, of: command) else { continue }
      given.insert(option.name)
      guard let value = option.value, attached == nil else { continue }
      guard rest.popFirst() != nil else { return values(value, of: command, prefix: "", current) }
    }
    if current.hasPrefix("-"), let (option, attached) = option(in: current, of: command), let value = option.value,
      let attached
    {
      return values(value, of: command, prefix: String(current.dropLast(attached.count)), attached)
    }
    let operands = operand(operandCount, of: command, current)
    guard current.hasPrefix("-") || operands == CompletionAnswer() else { return operands }
    let options = command.allOptions.filter { $0.isRepeatable || !given.contains($0.name) }
    return CompletionAnswer(candidates: options.map { .init(text: $0.name, meaning: $0.meaning) } + [Self.helpOption])
  }

  private func operand(_ index: Int, of command: CommandDefinition, _ current: String) -> CompletionAnswer {
    let last = command.operands.last.flatMap { $0.isRepeatable ? $0 : nil }
    guard let operand = command.operands.indices.contains(index) ? command.operands[index] : last else {
      return CompletionAnswer()
    }
    return values(operand.name, of: command, prefix: "", current)
  }

  /// The option at the beginning of `argument` and the value that is attached to it: `--name=value`, `-Xvalue`.
  private func option(
    in argument: String, of command: CommandDefinition
  ) -> (option: OptionDefinition, attached: String?)? {
    let isLong = argument.hasPrefix("--")
    let name = isLong ? String(argument.prefix { $0 != "=" }) : String(argument.prefix(2))
    guard let option = command.allOptions.first(where: { $0.name == name }) else { return nil }
    let rest = argument.dropFirst(name.count)
    return (option, rest.isEmpty ? nil : String(isLong ? rest.dropFirst() : rest))
  }

  /// What can stand for a value of this name, of which `typed` is there, after `prefix` in the same word.
  private func values(
    _ name: String, of command: CommandDefinition, prefix: String, _ typed: String
  ) -> CompletionAnswer {
    switch ValueKind(named: name) {
    case .file: CompletionAnswer(paths: .init(areDirectories: false, prefix: prefix))
    case .directory: CompletionAnswer(paths: .init(areDirectories: true, prefix: prefix))
    case .words(let words): CompletionAnswer(candidates: words.map { .init(text: prefix + $0, meaning: "") })
    case .setting: settings.answer(typed, for: command.settings ?? .worker, prefix: prefix)
    case .settingName:
      CompletionAnswer(candidates: SettingTable.all.map { .init(text: prefix + $0.name, meaning: $0.meaning) })
    case .errorRates: errorRates(typed, prefix: prefix)
    case .free: CompletionAnswer()
    }
  }

  /// The classes that have no rate yet; the rate itself only the user knows.
  private func errorRates(_ typed: String, prefix: String) -> CompletionAnswer {
    var parts = typed.split(separator: ",", omittingEmptySubsequences: false)
    guard let last = parts.popLast(), !last.contains("=") else { return CompletionAnswer() }
    let given = Set(parts.map { String($0.prefix { $0 != "=" }) })
    let before = prefix + typed.dropLast(last.count)
    return CompletionAnswer(
      candidates: EmulatorErrorClass.usualNames.filter { !given.contains($0) }.map {
        .init(text: before + $0 + "=", meaning: "", isWhole: false)
      })
  }
}
