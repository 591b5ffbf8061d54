import LinkCore
import LinkSandbox
import LinkTestSupport
import Testing

extension Chaos {
  /// Workers that join and leave without end.
  @Suite struct StormTests {
    @Test("In a rebalance storm work goes on, and nothing is lost, doubled or called for without need")
    func storm() throws {
      let options = try ChaosOptions.fromEnvironment
      let cluster = try options.seconds.map { _ in try TestKafka.startCluster() }
      let fleet = try Fleet(
        bootstrap: try cluster?.bootstrap ?? TestKafka.shared.bootstrap, partitions: 6, latency: 50)
      let storm = Storm(fleet, places: 3, brokers: cluster?.brokers ?? [], seed: options.seed)
      let began = wallNow()
      try storm.blow(seconds: options.seconds ?? 25, requestsPerSecond: 20)
      let calm = wallNow()
      try fleet.awaitAll(within: 180)
      try storm.end()
      let account = try fleet.prove()
      let whileStorming = try fleet.deployment.outcomes().count { $0.record.timestamp < calm }
      let rebalances = fleet.workers.reduce(0) { $0 + $1.log("lanes.revoked").count }
      print(
        "storm of \((calm - began) / 1000) s, seed \(options.seed): \(storm.tally); \(rebalances) revocations; "
          + "\(whileStorming) outcomes while it lasted; \(account)")
      #expect(whileStorming > fleet.requests.count / 4, "There was progress.")
    }
  }
}
