import LinkKafka

/// Completes `NAME=VALUE` after `-X`, from the table of settings and from librdkafka's own.
struct SettingCompletion {
  /// The names that librdkafka knows, each with the words that it takes: asked for only where they can be wanted.
  var libraryProperties: @Sendable () -> [String: [String]]

  /// What can stand for the setting of which `typed` is there, after `prefix` in the same word.
  func answer(_ typed: String, for use: SettingsUse, prefix: String) -> CompletionAnswer {
    guard let end = typed.firstIndex(of: "=") else {
      return CompletionAnswer(
        candidates: names(typed, use).map { .init(text: prefix + $0.0, meaning: $0.1, isWhole: false) })
    }
    return values(of: String(typed[..<end]), prefix: prefix + typed[...end])
  }

  /// librdkafka's names are many: they show once `kafka.` is there.
  private func names(_ typed: String, _ use: SettingsUse) -> [(String, String)] {
    let rows = SettingTable.all.filter { use.needs($0.name) }
    let own = rows.map { ($0.name + "=", $0.meaning) }
    let prefix = SettingTable.passThroughPrefix
    guard use.needs(prefix) else { return own }
    guard typed.hasPrefix(prefix) else { return own + [(prefix, "A property of librdkafka.")] }
    let known = Set(rows.map(\.name))
    let passed = libraryProperties().keys.sorted().filter { Self.isOffered($0) && !known.contains(prefix + $0) }
    return own + passed.map { (prefix + $0 + "=", "A property of librdkafka.") }
  }

  /// What the worker refuses, what no text can set, and what must not stand on a command line for all to read, is not offered.
  private static func isOffered(_ name: String) -> Bool {
    KafkaProperty.owned[name] == nil && !KafkaProperties.isSecret(name) && !name.hasSuffix("_cb") && name != "opaque"
      && !name.hasSuffix(".opaque") && name != "builtin.features"
  }

  private func values(of name: String, prefix: String) -> CompletionAnswer {
    guard let row = SettingTable.definition(of: name) else {
      return libraryValues(of: name, prefix: prefix)
    }
    switch row.kind {
    case .boolean: return words(["true", "false"], prefix)
    case .choice(let choices): return words(choices, prefix)
    case .file, .secretFile: return CompletionAnswer(paths: .init(areDirectories: false, prefix: prefix))
    case .directory: return CompletionAnswer(paths: .init(areDirectories: true, prefix: prefix))
    case .listenAddress: return words(["none"], prefix)
    case .text, .topic, .servers, .integer, .duration, .url, .statuses, .texts: return CompletionAnswer()
    }
  }

  private func libraryValues(of name: String, prefix: String) -> CompletionAnswer {
    guard name.hasPrefix(SettingTable.passThroughPrefix) else { return CompletionAnswer() }
    let property = String(name.dropFirst(SettingTable.passThroughPrefix.count))
    guard !KafkaProperty.fileNames.contains(property) else {
      return CompletionAnswer(paths: .init(areDirectories: false, prefix: prefix))
    }
    return Self.isOffered(property) ? words(libraryProperties()[property] ?? [], prefix) : CompletionAnswer()
  }

  private func words(_ words: [String], _ prefix: String) -> CompletionAnswer {
    CompletionAnswer(candidates: words.map { .init(text: prefix + $0, meaning: "") })
  }
}
