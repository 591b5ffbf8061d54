/// Three brokers on loopback that replicate everything, of which one may be killed or frozen while the other two serve (replication 3, two
/// replicas have to take a write). They end with this process.
public final class RealKafkaCluster: Sendable {
  /// The brokers, ids 1 to 3. The first is the controller as well: without it the others serve, but elect no leaders.
  public let brokers: [RealKafka]

  /// `host:port` of all three, for `bootstrap.servers`.
  public var bootstrap: String { brokers.map(\.bootstrap).joined(separator: ",") }

  /// Starts the brokers, one after the other; takes about eight seconds and 500 MB.
  ///
  /// - Parameters:
  ///   - home: The distribution's folder, as for `RealKafka`.
  ///   - version: "3.9" uses `libs-3.9/` instead; nil takes `KAFKA_VERSION`, else `libs/`.
  ///   - extra: Further settings of each broker; they win over ours.
  ///   - proxyPorts: Of a proxy before each broker, three or none; see `RealKafka`.
  public init(home: String, version: String? = nil, extra: [String: String] = [:], proxyPorts: [Int] = [])
    throws(SandboxFailure)
  {
    let settings = [
      "offsets.topic.replication.factor": "3", "transaction.state.log.replication.factor": "3",
      "transaction.state.log.min.isr": "2", "default.replication.factor": "3", "min.insync.replicas": "2",
    ].merging(extra) { $1 }
    let version = version ?? KafkaDistribution.fromEnvironment?.version
    let (port, cluster) = (try RealKafka.freePort(), RealKafka.randomClusterID())
    var brokers: [RealKafka] = []
    for number in 1...3 {
      let node = RealKafka.Node(number: number, controllerPort: port, clusterID: cluster)
      brokers.append(
        try RealKafka(
          home: home, version: version, node: node, extra: settings, listeners: [:],
          proxyPort: proxyPorts.isEmpty ? nil : proxyPorts[number - 1]))
    }
    self.brokers = brokers
  }
}
