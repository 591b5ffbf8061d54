import LinkSandbox
import LinkTestSupport
import Testing

extension Chaos {
  /// Coordinators that move to another broker (row 6).
  @Suite struct CoordinatorTests {
    @Test(
      "The brokers of the transaction's and of the group's coordinator die one after the other: the worker goes on by itself"
    )
    func moves() throws {
      let proxy = try KafkaProxy(.kafka, count: 3)
      let cluster = try TestKafka.startCluster(behind: proxy)
      let stage = try Stage(cluster.bootstrap, proxy, latency: 20, settings: ["adapter.concurrency": "8"])
      try stage.start()
      for api in [KafkaAPI.endTxn, .heartbeat] {
        try stage.write(100)
        try stage.awaitOutcomes(stage.linkCount - 80)
        let index = try #require(proxy.lastTarget(of: api))
        cluster.brokers[index].kill()
        // The first broker is the controller, without which there is no election.
        if index == 0 { try cluster.brokers[index].start() }
        try stage.awaitOutcomes()
        if index == 0 { continue }
        #expect(proxy.lastTarget(of: api) != index, "the coordinator is another one")
        try cluster.brokers[index].start()
      }
      try stage.write(50)
      print("coordinators moved: \(try stage.prove())")
    }
  }
}
