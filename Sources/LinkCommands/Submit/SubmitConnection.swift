import LinkCore
import LinkKafka

/// Kafka as `submit` uses it: the topic is there and can be written to, and the outcomes are followed from before the first request.
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
  init(_ settings: WorkerSettings, waits: Bool, timeout: Milliseconds?) throws(CommandFailure) {
    let properties = try KafkaProperties(checking: settings.kafka)
    let topic = settings.topics.requests
    do throws(KafkaFailure) {
      guard let found = try KafkaAdmin(properties: properties).metadata(of: [topic])[topic] else {
        throw .missing(topic: topic)
      }
      partitionCount = Int32(clamping: found.partitions)
      watch =
        waits ? try OutcomeWatch(properties: properties, topics: settings.topics, timeout: timeout) : nil
      writer = try KafkaStreamWriter(properties: properties, topic: topic)
    } catch {
      throw CommandFailure(error)
    }
  }
}
