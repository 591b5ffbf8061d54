/// What the three places say, each value with its origin, before anybody asks whether such a setting exists.
struct SettingSources {
  /// A value as it was written.
  struct Entry {
    var name: String
    var value: String
    var origin: SettingOrigin
  }

  /// In rising precedence: of two entries of a name the later one counts.
  private(set) var entries: [Entry] = []
  /// What could not even be read.
  private(set) var problems: [SettingProblem] = []
  /// Whether the file could not be read at all: then nobody can say what is missing.
  private(set) var isFileUnread = false

  /// Bytes of a properties file at most.
  static let fileLimit = 1 << 20
  /// The variable that names the file where `--config` does not.
  static let fileVariable = "LINKWORKER_CONFIG"
  /// Every variable of the worker's begins so.
  static let variablePrefix = "LINKWORKER_"

  init(configFile: String?, environment: [String: String], arguments: [String]) {
    if let configFile {
      readFile(configFile, named: "--config")
    } else if let path = environment[Self.fileVariable] {
      readFile(path, named: Self.fileVariable)
    }
    readEnvironment(environment)
    for argument in arguments { readArgument(argument) }
  }

  private mutating func readFile(_ path: String, named source: String) {
    let bytes: [UInt8]
    do {
      bytes = try InputFile.read(path, limit: Self.fileLimit)
    } catch {
      isFileUnread = true
      let fault = SettingFault(
        "names a file that \(error.reason): \(quoted(path))", hint: error.hint, exitCode: error.exitCode)
      problems.append(SettingProblem(subject: source, origin: nil, fault: fault))
      return
    }
    let file = PropertiesFile(bytes)
    entries += file.entries.map { Entry(name: $0.name, value: $0.value, origin: .file(path: path, line: $0.line)) }
    problems += file.faults.map {
      SettingProblem(subject: "\(path):\($0.line)", origin: nil, fault: SettingFault($0.reason, hint: $0.hint))
    }
  }

  private mutating func readEnvironment(_ environment: [String: String]) {
    let known = Dictionary(uniqueKeysWithValues: SettingTable.all.map { ($0.environmentName, $0.name) })
    let kafka = SettingDefinition.environmentName(of: SettingTable.passThroughPrefix)
    for (variable, value) in environment.sorted(by: { $0.key < $1.key }) where variable.hasPrefix(Self.variablePrefix) {
      let origin = SettingOrigin.environment(variable)
      if let name = known[variable] {
        entries.append(Entry(name: name, value: value, origin: origin))
      } else if variable == Self.fileVariable || Self.isServiceLink(variable, value) {
        continue
      } else if variable.hasPrefix(kafka), variable.count > kafka.count, variable == variable.uppercased() {
        let property = variable.dropFirst(kafka.count).lowercased().map { $0 == "_" ? "." : String($0) }.joined()
        entries.append(Entry(name: SettingTable.passThroughPrefix + property, value: value, origin: origin))
      } else {
        let (reason, hint) = Suggestion.unknown(
          "sets nothing that exists", variable, among: known.keys.sorted() + [Self.fileVariable],
          otherwise: "unset it; the settings are listed by linkworker help settings")
        problems.append(SettingProblem(subject: variable, origin: nil, fault: SettingFault(reason, hint: hint)))
      }
    }
  }

  /// Kubernetes puts the addresses of a service called `linkworker` or `linkworker-…` into every pod's environment: not settings.
  private static func isServiceLink(_ variable: String, _ value: String) -> Bool {
    if variable.hasSuffix("_SERVICE_HOST") || variable.contains("_SERVICE_PORT") { return true }
    if variable.hasSuffix("_PORT"), value.contains("://") { return true }
    return ["_TCP", "_UDP", "_SCTP"].contains { variable.contains("_PORT_") && variable.contains($0) }
  }

  private mutating func readArgument(_ argument: String) {
    guard let sign = argument.firstIndex(of: "="), sign != argument.startIndex else {
      // Not shown: it may be a value, and a secret
      let fault = SettingFault("is not of the form name=value", hint: "-X log.level=debug", exitCode: .usage)
      problems.append(SettingProblem(subject: "-X", origin: nil, fault: fault))
      return
    }
    let name = String(argument[..<sign])
    let value = String(argument[argument.index(after: sign)...])
    entries.append(Entry(name: name, value: value, origin: .argument))
  }
}
