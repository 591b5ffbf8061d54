import Testing

@testable import LinkCommands

@Suite("The completion of command lines")
struct CompletionTests {
  private static let completion = Completion(
    commands: [
      command("serve", settings: .kafka, options: [.value("--as", "NAME", ""), .json]),
      command(
        "file", options: [.value("--level", "low|high", ""), .value("--kind", "plain", "")],
        operands: [.optional("FILE|-"), .optional("DIR")]),
      command(
        "file copy",
        options: [
          .value("--to", "DIR", ""), .value("--rate", "CLASS=RATE[,…]", ""),
          .value("--mark", "A=B", repeatable: true, ""),
        ]),
    ],
    settings: SettingCompletion(libraryProperties: {
      [
        "acks": [], "debug": [], "group.id": [], "sasl.password": [], "stats_cb": [], "ssl.ca.location": [],
        "enable.it": ["true", "false"], "enable.idempotence": ["true", "false"],
      ]
    }))

  private static func command(
    _ name: String, settings: SettingsUse? = nil, options: [OptionDefinition] = [], operands: [OperandDefinition] = []
  ) -> CommandDefinition {
    CommandDefinition(
      name: name, summary: "Of \(name).", about: "", settings: settings, options: options, operands: operands,
      examples: [], exitCodes: []
    ) { _ throws(CommandFailure) in .ok }
  }

  private func offered(_ words: String...) -> [String] {
    Self.completion.answer(words).candidates.map(\.text)
  }

  private func paths(_ words: String...) -> CompletionAnswer.Paths? { Self.completion.answer(words).paths }

  @Test("offers commands, their second words and what help knows")
  func commands() {
    #expect(offered("") == ["serve", "file", "help"])
    #expect(offered("f") == ["file"])
    #expect(offered("-") == ["--help", "--version"])
    #expect(offered("file", "c") == ["copy"])
    #expect(offered("help", "") == ["serve", "file", "settings", "metrics"])
    #expect(offered("help", "file", "") == ["copy"])
    #expect(offered("help", "file", "copy", "") == [])
    #expect(offered("help", "--") == ["--json"])
    #expect(offered("help", "--json", "--") == [])
    #expect(offered("no-command", "") == [])
    #expect(Self.completion.answer(["file", "copy"]).candidates.first?.meaning == "Of file copy.")
  }

  @Test("offers options by a dash, each once unless it may be repeated")
  func options() {
    #expect(offered("serve", "-") == ["--config", "-X", "--as", "--json", "--help"])
    #expect(offered("serve", "--json", "-X", "a=b", "-") == ["--config", "-X", "--as", "--help"])
    #expect(offered("file", "copy", "--to=x", "--mark", "1=2", "--") == ["--rate", "--mark", "--help"])
    #expect(offered("serve", "") == ["--config", "-X", "--as", "--json", "--help"])
    #expect(offered("serve", "--", "-") == [])
  }

  @Test("knows a value by its name: words, files, directories, or nothing")
  func values() {
    #expect(offered("file", "--level", "") == ["low", "high"])
    #expect(offered("file", "--level=h") == ["--level=high"])
    #expect(offered("file", "--kind", "") == ["plain"])
    #expect(offered("serve", "--as", "") == [])
    #expect(offered("file", "copy", "--mark", "") == [])
    #expect(paths("serve", "--config", "x") == .init(areDirectories: false, prefix: ""))
    #expect(paths("serve", "--config=x") == .init(areDirectories: false, prefix: "--config="))
    #expect(paths("file", "copy", "--to", "") == .init(areDirectories: true, prefix: ""))
    #expect(paths("serve", "--as", "") == nil)
  }

  @Test("knows operands by their place")
  func operands() {
    #expect(paths("file", "") == .init(areDirectories: false, prefix: ""))
    #expect(paths("file", "--level", "low", "-", "") == .init(areDirectories: true, prefix: ""))
    #expect(paths("file", "--", "-a", "") == .init(areDirectories: true, prefix: ""))
    #expect(paths("file", "a", "b", "") == nil)
    #expect(offered("file", "") == ["copy"])
  }

  @Test("offers the settings that a command needs, and librdkafka's names after kafka.")
  func settings() {
    #expect(offered("serve", "-X", "topics.s") == ["topics.state="])
    #expect(offered("serve", "-X", "adapter.") == [])
    #expect(offered("serve", "-X", "k").contains("kafka.") && !offered("serve", "-X", "k").contains("kafka.debug="))
    #expect(offered("serve", "-X", "kafka.d") == ["kafka.debug="])
    #expect(offered("serve", "-Xkafka.d") == ["-Xkafka.debug="])
    #expect(offered("serve", "-X", "kafka.group.id") == ["kafka.group.id="])
    #expect(Self.completion.answer(["serve", "-X", "kafka.d"]).candidates.allSatisfy { !$0.isWhole })
  }

  @Test("offers a setting's name where that is the operand, and error classes that have no rate yet")
  func namesAndClasses() {
    let own = Completion(commands: LinkCommandLine.commands, settings: Self.completion.settings)
    let names = own.answer(["config", "list", "adapter.t"]).candidates
    #expect(names.map(\.text).contains("adapter.timeout.ms") && names.allSatisfy { $0.text.hasPrefix("adapter.t") })
    #expect(names.allSatisfy { $0.isWhole })
    let first = own.answer(["adapter-emulator", "--error-rate", ""]).candidates
    #expect(first.prefix(2).map(\.text) == ["5xx=", "429="] && first.allSatisfy { !$0.isWhole })
    #expect(offered("file", "copy", "--rate", "5xx=1%,4") == ["5xx=1%,429=", "5xx=1%,401=", "5xx=1%,403="])
    #expect(offered("file", "copy", "--rate=5xx=1%,").first == "--rate=5xx=1%,429=")
    #expect(offered("file", "copy", "--rate", "5xx=") == [])
  }

  @Test("offers no property that the worker refuses, that no text can set, or that is a secret")
  func withheld() {
    for name in ["acks", "stats_cb", "sasl.password"] {
      #expect(!offered("serve", "-X", "kafka.").contains("kafka.\(name)="))
    }
  }

  @Test("offers the words of a setting after =, and paths where it names a file or a directory")
  func settingValues() {
    #expect(offered("serve", "-X", "insecure.kafka=") == ["insecure.kafka=true", "insecure.kafka=false"])
    #expect(offered("serve", "-Xinsecure.kafka=t") == ["-Xinsecure.kafka=true"])
    #expect(offered("serve", "-X", "log.format=j") == ["log.format=json"])
    #expect(
      paths("serve", "-X", "kafka.sasl.password.file=x")
        == .init(areDirectories: false, prefix: "kafka.sasl.password.file="))
    #expect(paths("serve", "-Xkafka.ssl.ca.location=")?.prefix == "-Xkafka.ssl.ca.location=")
    #expect(paths("serve", "-X", "store.directory=") == .init(areDirectories: true, prefix: "store.directory="))
    #expect(Self.completion.answer(["serve", "-X", "kafka.debug="]) == CompletionAnswer())
    #expect(offered("serve", "-X", "kafka.enable.it=") == ["kafka.enable.it=true", "kafka.enable.it=false"])
    #expect(offered("serve", "-X", "kafka.enable.idempotence=") == [])
    #expect(offered("serve", "-X", "enable.it=") == [])
  }

  @Test("writes lines that a shell can part at tabs")
  func lines() {
    #expect(Self.completion.answer(["f"]).lines == ["word\tfile\tOf file."])
    #expect(
      Self.completion.answer(["serve", "-X", "kafka.d"]).lines == ["part\tkafka.debug=\tA property of librdkafka."])
    #expect(Self.completion.answer(["file", "copy", "--to=x"]).lines == ["directories\t--to=\t"])
    for command in LinkCommandLine.commands {
      let texts = [command.summary] + command.allOptions.map(\.meaning)
      #expect(texts.allSatisfy { !$0.contains("\t") && !$0.contains("\n") })
    }
  }

  @Test(
    "takes the quoting of a shell off, an open one too, and runs nothing",
    arguments: [
      ("a", "a"), (#""a b"#, "a b"), (#"'a"b'c"#, #"a"bc"#), (#"a\ b"#, "a b"), (#""a\"b\c""#, #"a"b\c"#),
      ("$(x)", "$(x)"),
      (#"a\"#, "a"), ("", ""),
    ])
  func quoting(typed: String, plain: String) { #expect(ShellWord.unquoted(typed) == plain) }

  @Test(
    "takes a value's name for what it says",
    arguments: [
      ("FILE", .file), ("FILE|-", .file), ("DIR", .directory), ("a|b-2", .words(["a", "b-2"])),
      ("NAME=VALUE", .setting), ("SETTING", .settingName), ("CLASS=RATE[,…]", .errorRates),
      ("N", .free), ("USER[=ERRMSG]", .free), ("ID|-", .free), ("PORT", .free),
    ] as [(String, ValueKind)])
  func kinds(name: String, kind: ValueKind) { #expect(ValueKind(named: name) == kind) }
}
