import LinkKafka

extension KafkaProperties {
  /// The properties of `settings`, after librdkafka has taken each: a value that it does not take is reported by the name of its setting.
  init(
    checking settings: WorkerSettings.Kafka, log: @escaping LogSink = { _, _, _ in },
    guardian: @escaping Guardian = { $1() }
  ) throws(CommandFailure) {
    var values: [String: String] = [:]
    for property in settings.properties { values[property.name] = property.reveal() }
    self.init(values, log: log, guardian: guardian)
    do {
      try validate()
    } catch {
      throw CommandFailure(error, origins: settings.properties)
    }
  }

  /// What librdkafka does not know by name.
  static func unknownNames(in properties: [KafkaProperty]) -> [SettingProblem] {
    let known = libraryNames()
    // A library that does not tell its names is asked one by one by `validate`
    guard !known.isEmpty else { return [] }
    return properties.filter { !known.contains($0.name) }.map { property in
      let (reason, hint) = Suggestion.unknown(
        "is no property of librdkafka \(libraryVersion)", property.name, among: known,
        otherwise: "leave it out, or see librdkafka's CONFIGURATION.md")
      // The nearest name is librdkafka's own: as a setting it has the prefix
      let prefix = SettingTable.passThroughPrefix
      return SettingProblem(
        subject: prefix + property.name, origin: property.origin,
        fault: SettingFault(
          reason.replacing("did you mean ", with: "did you mean \(prefix)"),
          hint: known.contains(hint) ? prefix + hint : hint))
    }
  }
}
