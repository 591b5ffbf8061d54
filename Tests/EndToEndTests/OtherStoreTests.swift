import LinkCore
import LinkKafka
import LinkSandbox
import LinkTestSupport
import Testing

extension EndToEnd {
  /// Workers that find a store which is not of what they have in Kafka: it is set aside, and the state read anew.
  @Suite struct OtherStoreTests {
    private static let count: Int64 = 40

    @Test("A store older than the tombstones of the state topic is dropped and read anew, and nobody is called again")
    func olderThanTombstones() throws {
      let history = try History(on: TestKafka.shared)
      defer { history.emulator.stop() }
      try serve(history, calls: Self.count)
      try TestKafka.alter(
        history.deployment.topic(.state), on: history.deployment.bootstrap, ["delete.retention.ms": "1"])
      let worker = try serve(history, calls: Self.count)
      let dropped = worker.log("store.set_aside")
      #expect(Set(dropped.compactMap { $0.json["partition"]?.integer }) == [0, 1, 2, 3])
      for line in dropped {
        #expect(line.level == "warning" && line.json["message"]?.text?.string.contains("tombstones") == true)
      }
      #expect((worker.log("restore.done").first?.json["records"]?.integer ?? 0) >= Self.count)
    }

    @Test("A store of another cluster is set aside by name, and each cluster's state read anew")
    func otherCluster() throws {
      let here = try History(on: TestKafka.shared)
      defer { here.emulator.stop() }
      try serve(here, calls: Self.count)
      let same = here.deployment.settings.filter { $0.key.hasPrefix("topics.") || $0.key == "kafka.group.id" }
      let there = try History(on: TestKafka.start(), settings: same)
      defer { there.emulator.stop() }
      let directory = ["store.directory": here.deployment.scratch["store"]]
      // The same links are unknown to the other cluster.
      let worker = try serve(there, calls: Self.count, directory)
      try expectForeign(worker)
      let back = try serve(here, calls: Self.count)
      try expectForeign(back)
      #expect((back.log("restore.done").first?.json["records"]?.integer ?? 0) >= Self.count)
    }

    @Test("Stores of two groups with other topics, their files swapped, are set aside, and nobody is called again")
    func swapped() throws {
      let both = [try History(on: TestKafka.shared), try History(on: TestKafka.shared)]
      defer { for history in both { history.emulator.stop() } }
      for history in both { try serve(history, calls: Self.count) }
      let files = both.map { $0.deployment.scratch["store"] + "/links.db" }
      let bytes = files.map { Scratch.bytes(of: $0) }
      #expect(!bytes[0].isEmpty && bytes[0] != bytes[1])
      for (history, other) in zip(both, [bytes[1], bytes[0]]) {
        try history.deployment.scratch.write("store/links.db", other)
      }
      for history in both { try expectForeign(try serve(history, calls: Self.count)) }
    }

    @Test("A copy of the store from before catches up from where it stood, and nobody is called again")
    func earlierCopy() throws {
      let history = try History(on: TestKafka.shared)
      defer { history.emulator.stop() }
      try serve(history, calls: Self.count)
      let copy = Scratch.bytes(of: history.deployment.scratch["store"] + "/links.db")
      try serve(history, users: 1_001...1_020, calls: Self.count + 20)
      try history.deployment.scratch.write("store/links.db", copy)
      let worker = try serve(history, users: 1_001...1_020, calls: Self.count + 20)
      #expect(worker.log("store.set_aside").isEmpty && worker.log("store.event").isEmpty)
      #expect((20...60).contains(worker.log("restore.done").first?.json["records"]?.integer ?? 0))
    }

    @Test("After the topics were made anew with other partitions, the store's view of each is dropped")
    func otherPartitions() throws {
      let history = try History(on: TestKafka.shared)
      defer { history.emulator.stop() }
      let deployment = history.deployment
      try serve(history, calls: Self.count)
      let topics = TopicRole.allCases.map { deployment.topic($0) }
      try KafkaAdmin(properties: deployment.properties).delete(topics: topics)
      try awaiting("The topics' end") {
        let found = try KafkaAdmin(properties: deployment.properties).metadata(of: topics)
        return topics.allSatisfy { found[$0] == nil }
      }
      #expect(try deployment.run(["topics", "create", "--partitions", "6"]).code == 0)
      let worker = try deployment.startWorker()
      try worker.awaitLanes(6)
      let dropped = worker.log("store.set_aside")
      #expect(Set(dropped.compactMap { $0.json["partition"]?.integer }) == [0, 1, 2, 3])
      for line in dropped { #expect(line.json["message"]?.text?.string.contains("another log") == true) }
      try history.ask(for: 1...Self.count)
      try awaiting("The calls", state: { worker.program.tail }) {
        worker.log("link.succeeded").count == Int(Self.count)
      }
      #expect(history.emulator.stats.calls == Self.count * 2)
      #expect(try worker.stop().code == 0)
    }

    /// Has a worker serve requests, or repeats of them, and end; so many calls there have been then.
    @discardableResult
    private func serve(
      _ history: History, users: ClosedRange<Int64> = 1...Self.count, calls: Int64, _ settings: [String: String] = [:]
    ) throws -> WorkerProcess {
      try history.ask(for: users)
      let worker = try history.deployment.startWorker(settings)
      try worker.awaitLanes(history.deployment.partitions)
      try awaiting("What becomes of the requests", state: { worker.program.tail }) {
        worker.log("link.succeeded").count + worker.log("link.duplicate").count >= users.count
      }
      #expect(history.emulator.stats.calls == calls)
      #expect(try worker.stop().code == 0)
      #expect(try history.deployment.outcomes().count == Int(calls))
      return worker
    }

    private func expectForeign(_ worker: WorkerProcess) throws {
      let line = try #require(worker.log("store.event").first)
      #expect(line.level == "warning")
      #expect(line.json["message"]?.text?.string.contains("foreign") == true, "\(line.json.written)")
    }
  }
}
