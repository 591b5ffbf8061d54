/// A setting as it is in force.
struct EffectiveSetting: Hashable, Sendable {
  /// Its name in files, `kafka.` included.
  var name: String
  /// What it says.
  var value: Value
  /// Where that came from.
  var origin: SettingOrigin
  /// Whether a problem was found with it.
  var isFaulty: Bool

  /// What may be told of a value.
  enum Value: Hashable, Sendable {
    /// This text, as it was written.
    case shown(String)
    /// It is set; what to, nobody is told.
    case secret
    /// It is not set and has no default.
    case unset
  }
}

/// All that can be said of the settings.
struct SettingsSurvey: Sendable {
  /// The settings; what is faulty has its default in them, or a placeholder where there is none.
  var settings: WorkerSettings
  /// Every setting of the table and every property that is passed to librdkafka.
  var effective: [EffectiveSetting]
  /// What is wrong, all of it.
  var problems: [SettingProblem]
  /// The settings in which something is wrong or missing, by name.
  var faulty: Set<String>

  /// Whether nothing is wrong with settings whose names begin so.
  func isSound(_ prefixes: [String]) -> Bool {
    !faulty.contains { name in prefixes.contains { name.hasPrefix($0) } }
  }
}
