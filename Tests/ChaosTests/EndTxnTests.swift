import LinkCore
import LinkSandbox
import LinkTestSupport
import Testing

extension Chaos {
  /// What becomes of the end of a transaction on its way (row 7), and of the requests before it.
  @Suite struct EndTxnTests {
    @Test(
      "A commit whose EndTxn, or its answer, is lost, late, repeated or held until the next transaction drops its producer, and the log tells: one outcome a link and no call more"
    )
    func commits() throws {
      let (kafka, proxy) = try Stage.shared
      let stage = try Stage(kafka.bootstrap, proxy)
      let worker = try stage.start()
      let arrivals = proxy.lateArrivals.count
      let faults = [
        ProxyRule(.endTxn, isCommit: true, .answer, .drop, closes: true),
        ProxyRule(.endTxn, isCommit: true, .request, .drop, closes: true),
        // The coordinator's connection breaks three times in a row.
        ProxyRule(.endTxn, isCommit: true, .answer, .drop, closes: true, count: 3),
        ProxyRule(.endTxn, isCommit: true, .request, .holdUntil(.addOffsetsToTxn)),
        ProxyRule(.endTxn, isCommit: true, .request, .holdUntil(.txnOffsetCommit)),
        ProxyRule(.endTxn, isCommit: true, .request, .delay(0.05), closes: true),
        // Longer than the commit is given, so past the next one's begin.
        ProxyRule(.endTxn, isCommit: true, .answer, .delay(12)),
      ]
      for fault in faults { try endure(fault, stage) }
      #expect(try stage.transactions("unknown", of: worker) >= Double(faults.count))
      expectFenced(proxy.lateArrivals.dropFirst(arrivals).prefix(2))
      let told = worker.log("transaction.failed").map(\.message)
      #expect(told.contains { $0.contains("EndTxn was sent") }, "\(told)")
      let tally = try stage.prove()
      print("EndTxn of commits: \(faults.count) faults, \(tally)")
      #expect(tally.extraCalls == 0)
    }

    @Test(
      "An abort whose EndTxn, or its answer, is lost, late or held until the next transaction harms no transaction after it"
    )
    func aborts() throws {
      let (kafka, proxy) = try Stage.shared
      let stage = try Stage(kafka.bootstrap, proxy)
      let worker = try stage.start()
      let arrivals = proxy.lateArrivals.count
      let faults = [
        ProxyRule(.endTxn, isCommit: false, .answer, .drop, closes: true),
        ProxyRule(.endTxn, isCommit: false, .request, .drop, closes: true),
        ProxyRule(.endTxn, isCommit: false, .request, .holdUntil(.addOffsetsToTxn)),
        ProxyRule(.endTxn, isCommit: false, .request, .holdUntil(.txnOffsetCommit)),
      ]
      for fault in faults {
        // "The group may not be read": an error that librdkafka answers with an abort.
        let cause = proxy.add(ProxyRule(.addOffsetsToTxn, .answer, .refuse(30)))
        try endure(fault, stage)
        #expect(proxy.hits(of: cause) == 1)
      }
      #expect(try stage.transactions("aborted", of: worker) >= Double(faults.count))
      expectFenced(proxy.lateArrivals.dropFirst(arrivals).prefix(2))
      let tally = try stage.prove()
      print("EndTxn of aborts: \(faults.count) faults, \(tally)")
      #expect(tally.extraCalls == 0)
    }

    @Test("Every other request of a transaction that is lost, late or repeated loses and doubles nothing")
    func steps() throws {
      let (kafka, proxy) = try Stage.shared
      let stage = try Stage(kafka.bootstrap, proxy)
      try stage.start()
      var count = 0
      for api in [KafkaAPI.produce, .addPartitionsToTxn, .addOffsetsToTxn, .txnOffsetCommit, .initProducerID] {
        for rule in [
          ProxyRule(api, .answer, .drop, closes: true), ProxyRule(api, .request, .drop, closes: true),
          ProxyRule(api, .request, .holdUntil(.endTxn)),
        ] {
          // A producer is initialised where one was dropped.
          if api == .initProducerID { proxy.add(ProxyRule(.endTxn, .answer, .drop, closes: true)) }
          try hit(rule, stage)
          count += 1
        }
      }
      let tally = try stage.prove()
      print("requests of a transaction: \(count) faults, \(tally)")
      #expect(tally.extraCalls == 0)
    }

    /// Has a fault happen among requests, and waits until all have their outcomes; a new producer must have been initialised.
    private func endure(_ fault: ProxyRule, _ stage: Stage) throws {
      let before = stage.proxy.requestCount(.initProducerID)
      try hit(fault, stage)
      #expect(stage.proxy.requestCount(.initProducerID) > before, "\(fault): the producer is dropped")
    }

    private func hit(_ fault: ProxyRule, _ stage: Stage) throws {
      let id = stage.proxy.add(fault)
      try stage.write(10)
      try stage.proxy.awaitHits(of: id, state: { stage.workers.last?.program.tail ?? "" })
      try stage.write(10)
      try stage.awaitOutcomes()
    }

    /// What was held came after all, inside of the next transaction, and was refused: its producer is no more.
    private func expectFenced(_ arrivals: some Collection<KafkaProxy.LateArrival>) {
      #expect(arrivals.count == 2)
      for arrival in arrivals {
        // INVALID_PRODUCER_EPOCH, PRODUCER_FENCED
        #expect([47, 90].contains(arrival.errorCode), "\(arrival)")
      }
    }
  }
}
