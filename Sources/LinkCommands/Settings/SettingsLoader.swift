import LinkCore
import LinkKafka
import LinkOps

/// What a command needs of the settings: only that is required, and only its files are opened.
public enum SettingsUse: Sendable {
  /// Everything.
  case worker
  /// Kafka and its topics.
  case kafka
  /// Where health and metrics are served.
  case admin

  /// Whether the setting of this name is needed.
  func needs(_ name: String) -> Bool {
    switch self {
    case .worker: true
    case .kafka: name.hasPrefix("kafka.") || name.hasPrefix("topics.") || name == "insecure.kafka"
    case .admin: name == "admin.listen"
    }
  }
}

/// Makes the settings from a properties file, the environment and `-X`, in rising precedence, and reports all that is wrong at once.
public struct SettingsLoader: Sendable {
  private let configFile: String?
  private let environment: [String: String]
  private let arguments: [String]

  /// From the file of `--config` (else of `LINKWORKER_CONFIG`), the `LINKWORKER_…` variables and the `name=value` of each `-X`.
  public init(configFile: String? = nil, environment: [String: String] = [:], arguments: [String] = []) {
    self.configFile = configFile
    self.environment = environment
    self.arguments = arguments
  }

  /// The settings for a command.
  public func load(for use: SettingsUse) throws(SettingsFailure) -> WorkerSettings {
    let survey = survey(for: use)
    guard survey.problems.isEmpty else { throw SettingsFailure(problems: survey.problems) }
    return survey.settings
  }

  /// All that can be said of the settings, faulty ones included.
  func survey(for use: SettingsUse) -> SettingsSurvey {
    let sources = SettingSources(configFile: configFile, environment: environment, arguments: arguments)
    var reading = SettingsReading(use: use, problems: sources.problems)
    reading.sort(sources.entries)
    reading.readTable(reportMissing: !sources.isFileUnread)
    reading.readProperties()
    reading.checkFiles()
    reading.checkRules()
    return SettingsSurvey(
      settings: reading.settings, effective: reading.effective, problems: reading.problems, faulty: reading.faulty)
  }
}

/// The settings while they are being read.
private struct SettingsReading {
  let use: SettingsUse
  var problems: [SettingProblem]
  var settings = WorkerSettings()
  private var values: [String: SettingSources.Entry] = [:]
  private var properties: [String: SettingSources.Entry] = [:]
  /// Settings with a problem: no further check looks at them.
  fileprivate private(set) var faulty: Set<String> = []

  init(use: SettingsUse, problems: [SettingProblem]) {
    self.use = use
    self.problems = problems
  }

  /// Parts what the table knows from what librdkafka is to know, and refuses the rest.
  mutating func sort(_ entries: [SettingSources.Entry]) {
    let prefix = SettingTable.passThroughPrefix
    for entry in entries {
      if SettingTable.definition(of: entry.name) != nil {
        values[entry.name] = entry
      } else if entry.name.hasPrefix(prefix), entry.name.count > prefix.count {
        let property = String(entry.name.dropFirst(prefix.count))
        if let reason = KafkaProperty.owned[property] {
          report(entry, SettingFault("cannot be set: \(reason)", hint: "leave it out"))
        } else {
          properties[property] = entry
        }
      } else {
        let (reason, hint) = Suggestion.unknown(
          "is no setting", entry.name, among: SettingTable.all.map(\.name),
          otherwise: "leave it out; the settings are listed by linkworker help settings")
        let subject = entry.name.isEmpty ? "a name" : LogText.escaped(entry.name, limit: 80)
        problems.append(
          SettingProblem(subject: subject, origin: entry.origin, fault: SettingFault(reason, hint: hint)))
      }
    }
  }

  mutating func readTable(reportMissing: Bool) {
    for row in SettingTable.all {
      do throws(SettingFault) {
        if let entry = values[row.name] {
          try row.apply(entry.value, to: &settings)
        } else if case .preset(let value) = row.presence {
          try row.apply(value, to: &settings)
        } else if row.presence == .required, use.needs(row.name) {
          faulty.insert(row.name)
          guard reportMissing else { continue }
          throw SettingFault(
            "is required and not set", hint: "set it in the file, by \(row.environmentName) or by -X \(row.name)=…")
        }
      } catch {
        report(row.name, error)
        // Its place is held by what goes through every further check; that a default is taken is a matter of the table.
        if case .preset(let value) = row.presence { try? row.apply(value, to: &settings) }
      }
    }
  }

  /// What goes to librdkafka, by name, so that every start does the same.
  mutating func readProperties() {
    var list = properties.map { name, entry in
      KafkaProperty(name: name, value: Secret(Array(entry.value.utf8)), origin: entry.origin)
    }
    for name in ["bootstrap.servers", "group.instance.id"] {
      guard let entry = values[SettingTable.passThroughPrefix + name] else { continue }
      list.append(KafkaProperty(name: name, value: Secret(Array(entry.value.utf8)), origin: entry.origin))
    }
    settings.kafka.properties = list.sorted { $0.name < $1.name }
    let found = KafkaProperties.problems(in: settings.kafka.properties)
    faulty.formUnion(found.map(\.subject))
    problems += found
  }

  mutating func checkFiles() {
    for row in SettingTable.all where use.needs(row.name) && values[row.name] != nil && !faulty.contains(row.name) {
      do {
        try row.check(settings)
      } catch {
        report(row.name, error)
      }
    }
    guard use.needs(SettingTable.passThroughPrefix) else { return }
    readPassword()
    checkPropertyFiles()
  }

  /// Of a certificate that it cannot read, librdkafka says little more than that.
  private mutating func checkPropertyFiles() {
    for name in KafkaProperty.fileNames {
      guard let entry = properties[name] else { continue }
      do {
        _ = try InputFile.read(entry.value, limit: 16 << 20)
      } catch  where name == KafkaProperty.trustedName && (error == .directory || entry.value == "probe") {
        continue
      } catch {
        report(
          entry,
          SettingFault(
            "names a file that \(error.reason): \(quoted(entry.value))", hint: error.hint, exitCode: error.exitCode))
      }
    }
  }

  private mutating func readPassword() {
    let name = "kafka.sasl.password.file"
    guard let file = settings.kafka.saslPasswordFile, let entry = values[name], !faulty.contains(name) else { return }
    guard properties["sasl.password"] == nil else {
      return report(
        entry, SettingFault("is set, and so is kafka.sasl.password", hint: "keep the file and remove the other"))
    }
    do {
      let password = KafkaProperty(name: "sasl.password", value: try file.read(), origin: entry.origin)
      settings.kafka.properties = (settings.kafka.properties + [password]).sorted { $0.name < $1.name }
    } catch {
      report(entry, error)
    }
  }

  mutating func checkRules() {
    for rule in SettingRule.all where rule.names.allSatisfy({ use.needs($0) && !faulty.contains($0) }) {
      guard let fault = rule.check(settings) else { continue }
      // It is about the setting that somebody wrote, rather than about a default
      report(rule.names.first { values[$0] != nil } ?? rule.names[0], fault)
    }
  }

  /// Every row of the table, then what is passed through, by name.
  var effective: [EffectiveSetting] {
    let prefix = SettingTable.passThroughPrefix
    let rows = SettingTable.all.map { row -> EffectiveSetting in
      let entry = values[row.name]
      let preset: String? = if case .preset(let value) = row.presence { value } else { nil }
      // Of a file that was read it is known that no secret stands in the place of its path.
      let isHidden = faulty.contains(row.name) && (row.kind == .secretFile || row.kind == .url)
      return EffectiveSetting(
        name: row.name, value: (entry?.value ?? preset).map { isHidden ? .secret : .shown($0) } ?? .unset,
        origin: entry?.origin ?? .preset, isFaulty: faulty.contains(row.name))
    }
    return rows
      + properties.sorted { $0.key < $1.key }.map { name, entry in
        // Of what librdkafka does not take nobody knows what it is: a secret under another client's name, or a misspelt one.
        let isFaulty = faulty.contains(prefix + name)
        return EffectiveSetting(
          name: prefix + name, value: isFaulty || KafkaProperties.isSecret(name) ? .secret : .shown(entry.value),
          origin: entry.origin, isFaulty: isFaulty)
      }
  }

  private mutating func report(_ name: String, _ fault: SettingFault) {
    faulty.insert(name)
    problems.append(SettingProblem(subject: name, origin: values[name]?.origin, fault: fault))
  }

  private mutating func report(_ entry: SettingSources.Entry, _ fault: SettingFault) {
    faulty.insert(entry.name)
    problems.append(SettingProblem(subject: entry.name, origin: entry.origin, fault: fault))
  }
}
