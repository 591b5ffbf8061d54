import CRdKafka

/// A cluster as one of its brokers tells of it.
public struct ClusterDescription: Equatable, Sendable {
  /// Kafka's id for it; empty where it has none, as before 0.10.
  public var id: String
  /// How many brokers there are.
  public var brokers: Int
  /// The one that answered, as `host:port/id`.
  public var broker: String
}

extension KafkaAdmin {
  /// The cluster that answers at the bootstrap servers; who is let in learns this much without any permission.
  ///
  /// - Parameter timeout: In milliseconds.
  public func cluster(timeout: Int64 = 10_000) throws(KafkaFailure) -> ClusterDescription {
    let deadline = Uptime.now() + timeout
    let metadata = try handle.metadata(nil, deadline, "reach", "Kafka")
    defer { rd_kafka_metadata_destroy(metadata) }
    let id = rd_kafka_clusterid(handle.client, Int32(clamping: max(deadline - Uptime.now(), 1)))
    defer { if let id { rd_kafka_mem_free(handle.client, id) } }
    let name = metadata.pointee.orig_broker_name.map { String(cString: $0) } ?? ""
    let address = name.ranges(of: "://").first.map { String(name[$0.upperBound...]) } ?? name
    return ClusterDescription(
      id: id.map { String(cString: $0) } ?? "", brokers: Int(metadata.pointee.broker_cnt), broker: address)
  }
}
