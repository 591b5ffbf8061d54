import LinkCore
import LinkKafka
import LinkSandbox
import LinkTestSupport
import Testing

extension Chaos {
  /// Brokers that go away, stand still, are slow or out of reach, and forget (rows 3, 4, 5, 34, 40).
  @Suite struct BrokerFaultTests {
    @Test("A broker that is killed, and one that is stopped, and comes back: the worker goes on by itself")
    func downAndUp() throws {
      let (kafka, proxy) = try Stage.shared
      let stage = try Stage(kafka.bootstrap, proxy, latency: 20, settings: ["adapter.concurrency": "8"])
      try stage.start()
      try stage.write(400)
      try stage.awaitOutcomes(50)
      kafka.kill()
      try kafka.start()
      try stage.awaitOutcomes(150)
      kafka.stop()
      try kafka.start()
      print("broker down and up: \(try stage.prove())")
    }

    @Test("A broker that stands still longer than a transaction may last: the worker has a new producer and goes on")
    func frozen() throws {
      let (kafka, proxy) = try Stage.shared
      // Enough for some eight seconds, so that it is met at work however fast the machine is.
      let stage = try Stage(kafka.bootstrap, proxy, latency: 40, settings: ["adapter.concurrency": "8"])
      let worker = try stage.start()
      try stage.write(1_000)
      try stage.awaitOutcomes(50)
      let producers = proxy.requestCount(.initProducerID)
      let seconds = try ChaosOptions.fromEnvironment.seconds == nil ? 12.0 : 60.0
      kafka.pause()
      let began = uptime()
      try awaiting("\(seconds) s", within: seconds + 30) { uptime() - began > seconds }
      kafka.resume()
      try stage.write(50)
      try stage.awaitOutcomes()
      #expect(proxy.requestCount(.initProducerID) > producers)
      let failures = try stage.transactions("aborted", of: worker) + stage.transactions("unknown", of: worker)
      #expect(failures >= 1)
      print("broker frozen for \(Int(seconds)) s: \(try stage.prove())")
    }

    @Test("A slow broker holds the worker back within its bounds, and the group keeps it")
    func slow() throws {
      let (kafka, proxy) = try Stage.shared
      let limit = 200
      let stage = try Stage(
        kafka.bootstrap, proxy, latency: 0, settings: ["commit.batch": String(limit / 4), "adapter.concurrency": "8"])
      let worker = try stage.start()
      let admin = try worker.adminPort()
      proxy.setLatency(0.15)
      proxy.setThroughput(150_000)
      try stage.write(1_000)
      var most = 0.0
      try awaiting("A worker that is held back") {
        let page = try MetricPage(port: admin)
        most = max(most, page["linkworker_requests_unsettled"] ?? 0)
        return page.sum("linkworker_decisions_total") > 300 && most >= Double(limit) / 2
      }
      try stage.awaitOutcomes(700)
      most = max(most, try MetricPage(port: admin)["linkworker_requests_unsettled"] ?? 0)
      #expect(most <= Double(limit) + 1, "\(most) unsettled")
      let memory = try worker.statusBytes("VmHWM") / 1_048_576
      #expect(memory < 200)
      #expect(
        worker.log("lanes.revoked").isEmpty && worker.log("lane.opened").count == Int(stage.deployment.partitions))
      proxy.reset()
      print("slow broker: at most \(Int(most)) unsettled, \(memory) MB at most, \(try stage.prove())")
    }

    @Test("A worker that is cut off from the brokers is fenced, another does its work, and afterwards it goes on")
    func cutOff() throws {
      let (kafka, proxy) = try Stage.shared
      let stage = try Stage(kafka.bootstrap, proxy, latency: 30, settings: ["adapter.concurrency": "8"])
      let worker = try stage.start()
      try stage.write(200)
      try stage.awaitOutcomes(20)
      proxy.freeze()
      let other = try stage.join([
        "kafka.bootstrap.servers": kafka.bootstrap, "store.directory": stage.deployment.scratch["other"],
      ])
      try stage.awaitOutcomes()
      #expect(worker.program.isRunning)
      proxy.thaw()
      // What it had under way is refused: the other one has done it.
      try awaiting("Partitions of its own again", state: { worker.program.tail }) {
        worker.log("lane.opened").count > Int(stage.deployment.partitions)
      }
      try stage.write(100)
      try stage.awaitOutcomes()
      #expect(try other.stop().code == 0)
      try stage.write(20)
      print("cut off from the brokers: \(try stage.prove())")
    }

    @Test("A worker that is cut off from the adapter schedules its links, holds no offset, and afterwards goes on")
    func cutOffFromAdapter() throws {
      let (kafka, proxy) = try Stage.shared
      let cable = try KafkaProxy(.anything)
      let stage = try Stage(
        kafka.bootstrap, proxy, settings: ["adapter.timeout.ms": "1000", "adapter.connect.timeout.ms": "500"],
        adapterURL: { emulator in
          cable.connect(to: [emulator.port])
          return emulator.baseURL.replacing(String(emulator.port), with: String(cable.ports[0]))
        })
      let worker = try stage.start()
      try stage.write(40)
      try stage.awaitOutcomes()
      cable.freeze()
      try stage.write(60)
      try stage.deployment.awaitNoLag(worker: worker)
      try worker.awaitLog("link.scheduled")
      #expect(try stage.deployment.outcomes().count == 40)
      cable.thaw()
      print("cut off from the adapter: \(try stage.prove())")
    }

    @Test("A worker that is idle until Kafka has forgotten its transactional id goes on by itself")
    func expired() throws {
      let proxy = try KafkaProxy(.kafka)
      let kafka = try TestKafka.start(
        extra: [
          "transactional.id.expiration.ms": "2000",
          "transaction.remove.expired.transaction.cleanup.interval.ms": "500",
        ], behind: proxy)
      let stage = try Stage(kafka.bootstrap, proxy)
      try stage.start()
      try stage.write(20)
      try stage.awaitOutcomes()
      try awaiting("The end of its transactional id") { try isForgotten(stage.deployment) }
      try stage.write(20)
      let tally = try stage.prove()
      #expect(tally.extraCalls == 0)
      print("transactional id expired: \(tally)")
    }

    /// Whether the last that the coordinator's log says of each transactional id of a deployment is that there is none.
    private func isForgotten(_ deployment: Deployment) throws -> Bool {
      var last: [[UInt8]: Bool] = [:]
      try KafkaBrowser(properties: deployment.properties).read(
        topic: "__transaction_state", from: Dictionary(uniqueKeysWithValues: (0..<8).map { ($0, 0) })
      ) { record in
        last[record.key ?? []] = record.value == nil
        return true
      }
      let own = last.filter { $0.key.count > 2 && String(decoding: $0.key, as: UTF8.self).contains(deployment.group) }
      return !own.isEmpty && own.values.allSatisfy { $0 }
    }
  }
}
