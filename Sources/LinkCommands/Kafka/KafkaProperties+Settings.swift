import LinkKafka
import LinkOps

extension KafkaProperties {
  /// The properties of `settings`, after librdkafka has taken each: a value that it does not take is reported by the name of its setting.
  ///
  /// Every client made with them is closed and destroyed under the watchdog.
  ///
  /// - Parameter log: Takes librdkafka's own lines, and what the watchdog says; nil for a command that has no log.
  init(checking settings: WorkerSettings.Kafka, log: Log? = nil) throws(CommandFailure) {
    var values: [String: String] = [:]
    for property in settings.properties { values[property.name] = property.reveal() }
    self.init(values)
    if let log { self.log = log.kafkaSink() }
    guardian = { operation, body in
      Watchdog.guarding(operation, limit: Watchdog.clientLimit, log: log, body)
    }
    do {
      try validate()
    } catch {
      throw CommandFailure(error, origins: settings.properties)
    }
  }

  /// All that librdkafka does not take: names that it does not know, and values.
  static func problems(in properties: [KafkaProperty]) -> [SettingProblem] {
    let known = libraryNames()
    // A library that does not tell its names is asked for each.
    let unknown = known.isEmpty ? [] : properties.filter { !known.contains($0.name) }
    let others = properties.filter { property in !unknown.contains { $0.name == property.name } }
    let values = Dictionary(others.map { ($0.name, $0.reveal()) }) { $1 }
    return unknownNames(unknown, known) + KafkaProperties(values).faults().flatMap { $0.problems(in: others) }
  }

  private static func unknownNames(_ properties: [KafkaProperty], _ known: [String]) -> [SettingProblem] {
    properties.map { property in
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
