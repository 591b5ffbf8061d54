import Foundation
import LinkCore
import LinkKafka
import LinkSandbox
import LinkTestSupport
import Testing

extension EndToEnd {
  /// What reaches the adapter is what was asked for, to the byte.
  @Suite struct ByteExactTests {
    @Test(
      "4 000 generated requests reach the adapter with exactly their names and accounts, and 800 wrong ones reach nobody"
    )
    func bodies() throws {
      let emulator = try AdapterEmulator(forDeploymentWith: { _ in })
      defer { emulator.stop() }
      let deployment = try Deployment(kafka: TestKafka.shared, adapterURL: emulator.baseURL)
      let traffic = GrantTraffic(seed: 0x5EED_2026, good: 4_000, wrong: 800)
      let worker = try deployment.startWorker()
      try deployment.write(traffic.records)
      try deployment.awaitOutcomes(traffic.outcomeCount, within: 300, worker: worker)
      try deployment.awaitNoLag(worker: worker)
      #expect(try worker.stop().code == 0)

      #expect(
        emulator.stats.calls == traffic.grants.count && emulator.stats.answersByStatus == [200: traffic.grants.count])
      for grant in traffic.grants {
        let bodies = emulator.bodies(of: grant.userID)
        #expect(bodies.count == 1)
        if let body = bodies.first { expect(body, grant) }
      }
      try expectOutcomes(traffic, deployment)
    }

    /// The body, read by other readers than the worker's: exactly these keys and values.
    private func expect(_ body: [UInt8], _ grant: Grant) {
      let data = Data(body)
      let text = String(decoding: body, as: UTF8.self)
      guard let keys = try? JSONSerialization.jsonObject(with: data) as? [String: Any],
        let read = try? JSONDecoder().decode(TokenBody.self, from: data)
      else {
        Issue.record("no body of a call: \(text)")
        return
      }
      var wanted: Set = ["userId", "brokerNames"]
      if grant.accounts != nil { wanted.insert("ctidTraderAccountIds") }
      if grant.isVerified != nil { wanted.insert("isVerified") }
      #expect(Set(keys.keys) == wanted, "\(text)")
      let areSameNames = read.brokerNames.map { Array($0.utf8) } == grant.brokerNameBytes
      #expect(areSameNames, "\(text)")
      #expect(
        read.userId == grant.userID && read.ctidTraderAccountIds == grant.accounts
          && read.isVerified == grant.isVerified, "\(text)")
      // Numbers as they are written, too, for a reader may round them. Inside a string a quotation mark has a backslash before it.
      #expect(text.hasPrefix(#"{"userId":\#(grant.userID),"#), "\(text)")
      guard let accounts = grant.accounts else { return }
      let list = accounts.map(String.init).joined(separator: ",")
      #expect(text.contains(#","ctidTraderAccountIds":[\#(list)]"#), "\(text)")
    }

    /// A token for each good one; of the wrong ones a dead letter each, and a refusal each that is JSON.
    private func expectOutcomes(_ traffic: GrantTraffic, _ deployment: Deployment) throws {
      let outcomes = try deployment.outcomes()
      let ready = outcomes.filter { $0.isA("token-ready") }
      #expect(
        ready.count == traffic.grants.count && Set(ready.compactMap(\.userID)) == Set(traffic.grants.map(\.userID)))
      let refused = Set(outcomes.filter { $0.isA("refused") && $0.code == "invalid_request" }.map(\.requestID))
      for (id, spoilt) in traffic.wrong {
        #expect(refused.contains(id) == spoilt.isJSON, "\(spoilt.name)")
      }
      #expect(outcomes.count == traffic.outcomeCount)
      #expect(try deployment.records(.deadLetters).count == traffic.wrong.count)
    }
  }
}

/// What the adapter reads. (`JSONSerialization` reads it too, but drops a byte order mark at the beginning of a string.)
private struct TokenBody: Decodable {
  var userId: Int64
  var brokerNames: [String]
  var ctidTraderAccountIds: [Int64]?
  var isVerified: Bool?
}

/// Good and wrong requests in one order, each of a user of its own.
private struct GrantTraffic {
  private(set) var grants: [Grant] = []
  private(set) var wrong: [(id: String, spoilt: Grant.Spoilt)] = []
  private(set) var records: [OutgoingRecord] = []

  /// Tokens and refusals.
  var outcomeCount: Int { grants.count + wrong.count { $0.spoilt.isJSON } }

  init(seed: UInt64, good: Int, wrong: Int) {
    var random = SeededRandom(seed: seed)
    for (index, isGood) in (0..<good + wrong).map({ $0 < good }).shuffled(using: &random).enumerated() {
      let users: [Int64] = [1, .max, .max - 1, 9_007_199_254_740_993]
      let userID = index < users.count ? users[index] : .random(in: 2 ... .max - 2, using: &random)
      let grant = Grant(userID: userID, random: &random)
      if isGood {
        grants.append(grant)
        add("good \(index)", grant, grant.members(&random))
      } else {
        let spoilt = grant.spoilt(&random)
        self.wrong.append(("wrong \(index)", spoilt))
        add("wrong \(index)", grant, spoilt.members)
      }
    }
  }

  private mutating func add(_ id: String, _ grant: Grant, _ members: [String]) {
    let value = BadInput.event(id, "{\(members.joined(separator: ","))}")
    records.append(
      OutgoingRecord(
        topic: .requests, key: Array(String(grant.userID).utf8), value: Array(value.utf8),
        headers: [BadInput.structured]))
  }
}
