import Glibc
import LinkCore
import LinkSandbox
import LinkTestSupport
import Testing

extension Chaos {
  /// Topics that are deleted, and made anew under their names.
  @Suite struct TopicAnewTests {
    @Test(
      "When the requests topic was made anew its partitions stand still; from the beginning no new request is taken for an old mark"
    )
    func requestsAnew() throws {
      // The first request's call hangs: what comes behind it is settled above the committed offset, and leaves a mark.
      let ground = try Ground(partitions: 1) { $0.rules[1_000] = EmulatorRule(failure: .fault(.hang)) }
      defer { ground.emulator.stop() }
      let hanging = ground.request(1, home: 0)
      let first = try ground.deployment.startWorker()
      var malformed = ground.request(2, home: 0)
      malformed.accounts = []
      try ground.send([hanging, malformed, ground.request(3, home: 0)])
      try ground.deployment.awaitOutcomes(2, worker: first)
      let marks = try ground.deployment.liveState().values.count { if case .mark = $0 { true } else { false } }
      try #require(marks == 1)
      first.kill()
      try ground.deployment.makeAnew([.requests])
      ground.emulator.setRule(nil, for: hanging.userID)
      let requests = [ground.request(4, home: 0), ground.request(5, home: 0), ground.request(3, home: 0), hanging]
      try ground.send(requests)

      let worker = try ground.deployment.startWorker()
      try ground.expectBlocked(worker, partition: 0, ["no committed offset", "--from-beginning"])
      #expect(try worker.stop().code == 0)
      let next = try ground.deployment.startWorker(options: ["--from-beginning"])
      try ground.deployment.awaitOutcomes(5, worker: next)
      try ground.deployment.awaitNoLag(worker: next)
      #expect(try next.stop().code == 0)
      let tokens = try ground.deployment.outcomes().filter { $0.isA("token-ready") }.map(\.requestID).sorted()
      #expect(tokens == ["r1", "r3", "r4", "r5"])
      #expect(ground.emulator.user(ground.request(3, home: 0).userID)?.calls == 1, "known from before")
    }

    @Test(
      "When the requests topic is made anew under a running worker, no request of the new one is passed over without an alarm"
    )
    func requestsAnewWhileRunning() throws {
      let ground = try Ground(partitions: 1, settings: ["kafka.session.timeout.ms": "60000"])
      defer { ground.emulator.stop() }
      let old = (1...3).map { ground.request($0, home: 0) }
      let worker = try ground.deployment.startWorker()
      try ground.send(old)
      try ground.deployment.awaitOutcomes(3, worker: worker)
      try ground.deployment.awaitNoLag(worker: worker)
      // It sees nothing of what happens meanwhile, and the new topic is longer than the old one was.
      worker.program.signal(SIGSTOP)
      try ground.deployment.makeAnew([.requests])
      let new = (4...9).map { ground.request($0, home: 0) }
      try ground.send(new)
      worker.program.signal(SIGCONT)
      #expect(try worker.program.end().code == 75)
      let end = try #require(worker.log("worker.failed").first?.message)
      #expect(end.contains(ground.deployment.topic(.requests)) && end.contains("are gone"), "\(end)")
      let second = try ground.deployment.startWorker()
      try ground.expectBlocked(second, partition: 0, ["no committed offset", "--from-beginning"])
      #expect(try second.stop().code == 0)

      let next = try ground.deployment.startWorker(options: ["--from-beginning"])
      try ground.deployment.awaitOutcomes(9, worker: next)
      try ground.deployment.awaitNoLag(worker: next)
      #expect(try next.stop().code == 0)
      try ground.expectOneTokenEach(old + new)
    }

    @Test(
      "When the state topic was made anew, a worker serves nothing from it before its operator says so"
    )
    func stateAnew() throws {
      for keepsStore in [true, false] {
        let ground = try Ground(partitions: 1)
        defer { ground.emulator.stop() }
        let known = [ground.request(1, home: 0), ground.request(2, home: 0)]
        try ground.serve(known)
        try ground.deployment.makeAnew([.state])
        if !keepsStore { ground.deployment.removeStore() }
        try ground.send(known)
        let worker = try ground.deployment.startWorker()
        try ground.expectBlocked(worker, partition: 0, ["state topic"])
        #expect(try worker.stop().code == 0)
        try ground.expectOneTokenEach(known)
        try ground.expectAudit(["state_missing"])
      }
    }

    @Test("A worker whose state topic is deleted commits nothing more, and ends with 78 when it finds it made anew")
    func stateAnewWhileRunning() throws {
      let ground = try Ground(partitions: 1)
      defer { ground.emulator.stop() }
      let known = [ground.request(1, home: 0), ground.request(2, home: 0)]
      let worker = try ground.deployment.startWorker()
      try ground.send(known)
      try ground.deployment.awaitOutcomes(2, worker: worker)
      try ground.deployment.awaitNoLag(worker: worker)
      try ground.deployment.delete([.state])
      let waiting = ground.request(3, home: 0)
      try ground.send([waiting])
      let port = try worker.adminPort()
      try awaiting("A page that says what to do", state: { worker.program.tail }) {
        let page = try HTTPAnswer.get("/readyz", port: port)
        return page.status == 503 && page.body.contains("linkworker topics create")
      }
      #expect(!worker.log("transaction.failed").isEmpty)
      #expect(try ground.deployment.outcomes().count == 2)
      try ground.deployment.makeTopics()
      #expect(try worker.program.end().code == 78)
      let end = try #require(worker.log("worker.failed").first?.message)
      #expect(end.contains("made anew") && end.contains("Try: restore the state topic"))
      let next = try ground.deployment.startWorker()
      try ground.expectBlocked(next, partition: 0, ["has no identity", "restore the state topic"])
      #expect(try next.stop().code == 0)
      #expect(ground.emulator.stats.calls == 3)
      #expect(try ground.deployment.outcomes().count <= 3)
    }

    @Test("While the outcomes topic is gone nothing is lost, and once it is there again each link has its one outcome")
    func outcomesAnew() throws {
      let ground = try Ground()
      defer { ground.emulator.stop() }
      let worker = try ground.deployment.startWorker()
      let before = [ground.request(1, home: 0), ground.request(2, home: 1)]
      try ground.send(before)
      try ground.deployment.awaitOutcomes(2, worker: worker)
      try ground.deployment.awaitNoLag(worker: worker)
      try ground.deployment.delete([.outcomes])
      let meanwhile = (3...8).map { ground.request($0, home: Int32($0 % 2)) }
      try ground.send(meanwhile + before)
      try worker.awaitLog("transaction.failed")
      try ground.deployment.makeTopics()
      try ground.deployment.awaitOutcomes(6, worker: worker)
      try ground.deployment.awaitNoLag(worker: worker)
      #expect(try worker.stop().code == 0)
      #expect(try ground.deployment.outcomes().map(\.requestID).sorted() == meanwhile.map(\.id))
      #expect(ground.emulator.stats.calls == 8)
      try ground.expectAudit(["outcome_missing"])
    }
  }
}
