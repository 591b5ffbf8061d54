import CRdKafka
import Synchronization

/// A Kafka broker inside this process: librdkafka's mock cluster, on a random loopback port. It needs neither Java nor a disk.
///
/// For trying things out and for injecting errors; it proves nothing about exactly-once:
/// - aborted and open transactions are visible to `read_committed` readers, and transactional offsets are not stored;
/// - nobody is fenced: neither an old producer nor a member of an old generation;
/// - it keeps at most 5 MiB or 100 000 batches of a partition in memory and silently drops the rest;
/// - it cannot create topics on request, finds no offsets by time, and answers a fetch only after the full `fetch.wait.max.ms`
///   (set that to 10);
/// - it aborts the whole process when two members of a group use different assignors.
public final class EmbeddedBroker: Sendable {
  /// `host:port` for `bootstrap.servers`.
  public let bootstrap: String
  private let cluster: Mutex<Cluster?>

  /// Starts the broker with these topics.
  ///
  /// - Parameter count: How many brokers there are, of the numbers from 1 on, all of them in this process; 1 unless given.
  public init(topics: [(name: String, partitions: Int)], count: Int = 1) throws(SandboxFailure) {
    let cluster = try Cluster(topics: topics, count: count)
    bootstrap = cluster.bootstrap
    self.cluster = Mutex(cluster)
  }

  /// Answers the next requests of a kind with these errors instead, one request each, in this order.
  ///
  /// - Parameters:
  ///   - apiKey: Kafka's number of the request, as in 26 for EndTxn.
  ///   - codes: Kafka's error codes; -195 (librdkafka's `_TRANSPORT`) closes the connection instead of answering.
  public func fail(apiKey: Int16, with codes: [Int32]) {
    let errors = codes.map { rd_kafka_resp_err_t(rawValue: $0) }
    cluster.withLock { $0?.push(apiKey, errors) }
  }

  /// Has another of the brokers lead a partition from now on.
  public func lead(topic: String, partition: Int32, by broker: Int32) throws(SandboxFailure) {
    let result = cluster.withLock { $0?.lead(topic, partition, by: broker) } ?? RD_KAFKA_RESP_ERR__STATE
    guard result == RD_KAFKA_RESP_ERR_NO_ERROR else {
      throw SandboxFailure("move partition \(partition) of", topic, String(cString: rd_kafka_err2str(result)))
    }
  }

  /// Ends the broker and forgets all it holds. Clients must have been closed before.
  public func stop() { cluster.withLock { $0 = nil } }
}

/// Owns the mock cluster and the client that carries it; the two are only ever touched by `EmbeddedBroker` under its lock.
private final class Cluster: @unchecked Sendable {
  let bootstrap: String
  private let client: OpaquePointer
  private let cluster: OpaquePointer

  init(topics: [(name: String, partitions: Int)], count: Int) throws(SandboxFailure) {
    var message = [CChar](repeating: 0, count: 512)
    let configuration = rd_kafka_conf_new()
    // It only carries the cluster: that it has no bootstrap servers, as librdkafka remarks on standard error, is how it should be.
    rd_kafka_conf_set(configuration, "log_level", "3", nil, 0)
    guard let client = rd_kafka_new(RD_KAFKA_PRODUCER, configuration, &message, message.count) else {
      rd_kafka_conf_destroy(configuration)
      let detail = String(decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      throw SandboxFailure("start", "the embedded broker", detail)
    }
    guard let cluster = rd_kafka_mock_cluster_new(client, Int32(clamping: count)) else {
      rd_kafka_destroy(client)
      throw SandboxFailure("start", "the embedded broker", "librdkafka made no mock cluster")
    }
    self.client = client
    self.cluster = cluster
    bootstrap = String(cString: rd_kafka_mock_cluster_bootstraps(cluster))
    for topic in topics {
      let result = rd_kafka_mock_topic_create(cluster, topic.name, Int32(topic.partitions), Int32(clamping: count))
      guard result == RD_KAFKA_RESP_ERR_NO_ERROR else {
        throw SandboxFailure("create topic", topic.name, String(cString: rd_kafka_err2str(result)))
      }
    }
  }

  func push(_ apiKey: Int16, _ errors: [rd_kafka_resp_err_t]) {
    rd_kafka_mock_push_request_errors_array(cluster, apiKey, errors.count, errors)
  }

  func lead(_ topic: String, _ partition: Int32, by broker: Int32) -> rd_kafka_resp_err_t {
    rd_kafka_mock_partition_set_leader(cluster, topic, partition, broker)
  }

  deinit {
    rd_kafka_mock_cluster_destroy(cluster)
    rd_kafka_destroy(client)
  }
}
