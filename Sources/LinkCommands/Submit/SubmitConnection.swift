import LinkCore
import LinkKafka

/// Kafka as `submit` and `replay` use it: the topic is there and can be written to, and the outcomes are followed from before the first request.
struct SubmitConnection {
  /// Writes to the requests topic.
  let writer: KafkaStreamWriter
  /// Of the requests topic.
  let partitionCount: Int32
  /// Reads the outcomes; nil where nobody waits for them.
  let watch: OutcomeWatch?

  /// - Parameters:
  ///   - waits: Whether outcomes are waited for.
  ///   - timeout: Milliseconds for each; nil: to its deadline, or two minutes.
  ///   - interrupts: A first signal ends it while Kafka does not answer.
  ///   - command: Which command it is for.
  ///   - permissions: What its principal has to be allowed.
  init(
    _ settings: WorkerSettings, waits: Bool, timeout: Milliseconds?, interrupts: InterruptCount,
    command: String = "submit", permissions: String = Self.permissions
  ) throws(CommandFailure) {
    let properties = try KafkaProperties(checking: settings.kafka)
    let topic = settings.topics.requests
    do throws(KafkaFailure) {
      let needed = [topic] + (waits ? [settings.topics.outcomes, settings.topics.state] : [])
      let found = try KafkaAdmin(properties: properties).metadata(of: needed) { interrupts.count > 0 }
      for name in needed where found[name] == nil { throw KafkaFailure.missing(topic: name) }
      partitionCount = Int32(clamping: found[topic]?.partitions ?? 0)
      if waits { try properties.checkReading([settings.topics.outcomes, settings.topics.state]) }
      watch =
        waits ? try OutcomeWatch(properties: properties, topics: settings.topics, timeout: timeout) : nil
      writer = try KafkaStreamWriter(properties: properties, topic: topic)
    } catch {
      guard interrupts.count == 0 else {
        throw CommandFailure(
          .interrupted, .init(command, "", "interrupted before Kafka had answered; nothing was sent", hint: ""))
      }
      var failure = error
      if failure.name == "TOPIC_AUTHORIZATION_FAILED" { failure.hint = permissions }
      throw CommandFailure(failure)
    }
  }

  /// What `submit` has to be allowed.
  static let permissions =
    "allow this principal Describe and Write on the requests topic and, for --wait, Describe and Read on the outcomes and the "
    + "state topic"
}
