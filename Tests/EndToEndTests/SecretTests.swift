import Foundation
import LinkCore
import LinkSandbox
import LinkTestSupport
import Testing

extension EndToEnd {
  /// Where the credential and the tokens may not be.
  @Suite struct SecretTests {
    @Test(
      "An adapter that echoes the credential and tokens in its errors finds neither in a log, an event, the state or the store"
    )
    func echoes() throws {
      let echo =
        "Token eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiI0NzExIn0.c2lnbmF0dXJlLW9mLXRoZS10b2tlbi00NzEx of Bearer \(Deployment.credential) is bad"
      let emulator = try AdapterEmulator(forDeploymentWith: {
        $0.rules = [
          1: EmulatorRule(failure: .rejected(errmsg: echo)),
          2: EmulatorRule(failure: .rejected(errmsg: Deployment.credential)),
          3: EmulatorRule(failure: .status(503), failFirst: 3),
          4: EmulatorRule(failure: .fault(.truncate), failFirst: 1),
          5: EmulatorRule(failure: .status(400)),
        ]
      })
      defer { emulator.stop() }
      let deployment = try Deployment(kafka: TestKafka.shared, adapterURL: emulator.baseURL)
      let worker = try deployment.startWorker(["log.level": "debug"])
      let requests = (1...300).map {
        RequestEvent(id: "r\($0)", userID: Int64($0), idempotencyKey: "k\($0)", accounts: [Int64($0)])
      }
      try deployment.produce(lines: requests.map { (String($0.userID), $0.structured) }, [])
      try deployment.produce("{\"not\": \"an event\"", key: "1")
      try deployment.awaitOutcomes(requests.count, worker: worker)
      try deployment.awaitNoLag(worker: worker)
      let stopped = try worker.stop()
      #expect(stopped.code == 0)

      let outcomes = try deployment.outcomes()
      let tokens = outcomes.compactMap(\.token)
      #expect(tokens.count == requests.count - 3)
      let details = outcomes.filter { $0.isA("failed") }.compactMap { $0.data["error"]?["detail"]?.text?.string }
      #expect(details.contains { $0.contains("<removed>") }, "\(details)")

      let leaks = Leaks(tokens: tokens)
      #expect(!leaks.areAbsent(from: outcomes.map(\.record)), "the search finds what is there")
      #expect(leaks.areAbsent(from: outcomes.filter { !$0.isA("token-ready") }.map(\.record)))
      #expect(Leaks(tokens: []).areAbsent(from: outcomes.map(\.record)), "the credential is in no event")
      #expect(leaks.areAbsent(from: try deployment.records(.deadLetters)))
      #expect(leaks.areAbsent(from: try deployment.records(.state)))
      #expect(leaks.areAbsent(from: stopped.errors) && leaks.areAbsent(from: stopped.output))
      try expectNothing(of: leaks, below: deployment.scratch["store"])
    }

    /// No file of the store has any of it: neither the journal's table nor what its deleted rows left behind.
    private func expectNothing(of leaks: Leaks, below directory: String) throws {
      let files = try FileManager.default.subpathsOfDirectory(atPath: directory)
      #expect(files.contains("links.db"))
      for file in files {
        #expect(leaks.areAbsent(from: Scratch.bytes(of: directory + "/" + file)), "\(file)")
        let mode = try FileManager.default.attributesOfItem(atPath: directory + "/" + file)[.posixPermissions] as? Int
        #expect(mode == 0o600, "\(file) is for its owner alone")
      }
    }
  }
}
