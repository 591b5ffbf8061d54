/// One row of the table of settings: all that is known of a setting stands here, and reading, checking and documentation follow it.
public struct SettingDefinition: Sendable {
  /// The name in files and after `-X`.
  public let name: String
  /// What it accepts.
  public let kind: SettingKind
  /// Whether it must be set, or what holds when it is not.
  public let presence: Presence
  /// What it does, in a sentence.
  public let meaning: String
  /// How it plays together with other settings; empty where it does not.
  public let interactions: String
  /// What goes wrong when it is set badly; empty where nothing does.
  public let hazard: String

  /// Whether a setting must be set.
  public enum Presence: Hashable, Sendable {
    /// It must.
    case required
    /// It may be left out, and then there is none.
    case optional
    /// It may be left out, and then this holds.
    case preset(String)
  }

  private let assign: @Sendable (String, inout WorkerSettings) throws(SettingFault) -> Void
  /// Tries what only the machine can tell: that a file is there and fit.
  private let tryOut: @Sendable (WorkerSettings) throws(SettingFault) -> Void

  /// A setting whose value goes to `target`.
  init<Value>(
    _ name: String, _ type: SettingType<Value>, _ presence: Presence,
    into target: any WritableKeyPath<WorkerSettings, Value> & Sendable, meaning: String, interactions: String = "",
    hazard: String = ""
  ) {
    self.init(
      name, type, presence, meaning: meaning, interactions: interactions, hazard: hazard,
      assign: { $1[keyPath: target] = $0 }, value: { $0[keyPath: target] })
  }

  /// A setting that may be left out, whose value goes to `target`.
  init<Value>(
    _ name: String, _ type: SettingType<Value>,
    optionallyInto target: any WritableKeyPath<WorkerSettings, Value?> & Sendable,
    meaning: String, interactions: String = "", hazard: String = ""
  ) {
    self.init(
      name, type, .optional, meaning: meaning, interactions: interactions, hazard: hazard,
      assign: { $1[keyPath: target] = $0 }, value: { $0[keyPath: target] })
  }

  private init<Value>(
    _ name: String, _ type: SettingType<Value>, _ presence: Presence, meaning: String, interactions: String,
    hazard: String, assign: @escaping @Sendable (Value, inout WorkerSettings) -> Void,
    value: @escaping @Sendable (WorkerSettings) -> Value?
  ) {
    self.name = name
    self.kind = type.kind
    self.presence = presence
    self.meaning = meaning
    self.interactions = interactions
    self.hazard = hazard
    let kind = type.kind
    self.assign = { (text, settings) throws(SettingFault) in
      try Self.checkSpelling(text)
      assign(try type.read(text), &settings)
    }
    self.tryOut = { (settings) throws(SettingFault) in
      switch (kind, value(settings)) {
      case (.file, let path as String): try Self.checkReadable(path)
      case (.secretFile, let file as SecretFile): _ = try file.read()
      default: break
      }
    }
  }

  /// The variable of the environment that sets it.
  public var environmentName: String { Self.environmentName(of: name) }

  /// `LINKWORKER_` and the name in capitals, dots and dashes as underscores.
  static func environmentName(of name: String) -> String {
    "LINKWORKER_" + name.uppercased().map { $0 == "." || $0 == "-" ? "_" : String($0) }.joined()
  }

  /// Puts the value that `text` writes into `settings`.
  func apply(_ text: String, to settings: inout WorkerSettings) throws(SettingFault) { try assign(text, &settings) }

  /// Reads the file that the setting names, where it names one.
  func check(_ settings: WorkerSettings) throws(SettingFault) { try tryOut(settings) }

  /// What no setting of the table may be, whatever its type: mistakes that are hard to see.
  private static func checkSpelling(_ text: String) throws(SettingFault) {
    guard let first = text.unicodeScalars.first, let last = text.unicodeScalars.last else {
      throw SettingFault("is empty", hint: "give it a value, or leave it out")
    }
    if first.properties.isWhitespace || last.properties.isWhitespace {
      throw SettingFault("begins or ends with a blank", hint: "remove the blank")
    }
    if text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) {
      throw SettingFault("has a control character in it", hint: "remove it")
    }
  }

  private static func checkReadable(_ path: String) throws(SettingFault) {
    do {
      _ = try InputFile.read(path, limit: 16 << 20)
    } catch {
      throw SettingFault(
        "names a file that \(error.reason): \(quoted(path))", hint: error.hint, exitCode: error.exitCode)
    }
  }
}
