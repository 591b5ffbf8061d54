import LinkHTTP
import LinkKafka

/// Checks a configuration: the settings by themselves and, where asked to, everything that they name. It goes on after a problem, so that one
/// run tells all.
struct ConfigurationCheck {
  let survey: SettingsSurvey
  /// Whether Kafka, the adapter and the store are tried.
  let connects: Bool

  /// Tells each result as soon as it is there.
  func run(_ tell: (CheckResult) -> Void) {
    for problem in survey.problems {
      tell(
        .problem(
          "setting", "\(problem.place) \(problem.fault.reason)", hint: problem.fault.hint, problem.fault.exitCode))
    }
    let settings = survey.settings
    let isKafkaSound = survey.isSound(["kafka.", "topics.", "insecure.kafka"])
    if connects {
      if isKafkaSound {
        checkFiles(tell)
        kafka(tell) { $0.run(tell) }
      } else {
        tell(.untried("kafka", "its settings have a problem"))
      }
      tryAdapter(settings.adapter, tell)
      if survey.isSound(["store.", "instance.id"]) {
        StoreCheck(settings: settings).run(tell)
      } else {
        tell(.untried("store", "its settings have a problem"))
      }
      return
    }
    if isKafkaSound { kafka(tell) { _ in } }
    if survey.isSound(["adapter.url", "adapter.ca.file"]) {
      do throws(AdapterClientFailure) {
        try AdapterClientSettings(settings.adapter).check()
      } catch {
        tell(.problem("setting", "\(error.subject): \(error.problem)", hint: error.hint, .config))
      }
    }
  }

  private func kafka(_ tell: (CheckResult) -> Void, _ body: (KafkaCheck) -> Void) {
    do throws(CommandFailure) {
      body(try KafkaCheck(survey.settings))
    } catch {
      for result in CheckResult.problems("setting", error) { tell(result) }
    }
  }

  private func tryAdapter(_ settings: WorkerSettings.Adapter, _ tell: (CheckResult) -> Void) {
    let check = AdapterCheck(settings: settings)
    let names = ["adapter.url", "adapter.ca.file", "adapter.timeout", "adapter.connect", "adapter.concurrency"]
    if survey.isSound(names + ["insecure.adapter"]) {
      check.run(tell)
    } else {
      tell(.untried("adapter", "its settings have a problem"))
    }
    if survey.isSound(["adapter.credential.file"]) { check.checkCredential(tell) }
  }

  /// Files with secrets for Kafka.
  private func checkFiles(_ tell: (CheckResult) -> Void) {
    let kafka = survey.settings.kafka
    let keys = kafka.properties.filter { ["ssl.key.location", "ssl.keystore.location"].contains($0.name) }
    for path in keys.map({ $0.reveal() }) + [kafka.saslPasswordFile?.path].compactMap(\.self) {
      if let note = AdapterCheck.openness(of: path, "kafka") { tell(note) }
    }
  }
}
