import LinkCore
import LinkSandbox
import LinkTestSupport
import Testing

/// The adapter's doors closed and opened again. Beside the others: they mostly wait.
@Suite(.serialized, .enabled(if: TestKafka.isAvailable, "KAFKA_HOME is not set"))
struct EndToEndAdapterTests {
  @Test("Without the authority of the adapter's certificate nothing is sent and links wait; with it all succeed")
  func privateAuthority() throws {
    let scratch = try Scratch()
    let tls = try certificates(in: scratch)
    let emulator = try AdapterEmulator(forDeploymentWith: { $0.tls = tls })
    defer { emulator.stop() }
    let deployment = try Deployment(kafka: TestKafka.shared, adapterURL: emulator.baseURL)
    try deployment.produce(lines: requests.map { (String($0.userID), $0.structured) }, [])

    let blind = try deployment.startWorker()
    // Each link waits, and the adapter is taken to be down.
    try awaiting("Waiting links", state: { blind.program.tail }) {
      blind.log("link.scheduled").count >= requests.count && !blind.log("adapter.breaker.opened").isEmpty
    }
    let log = try blind.stop()
    #expect(log.code == 0)
    #expect(emulator.stats.calls == 0 && emulator.stats.answersByStatus.isEmpty)
    #expect(try deployment.outcomes().isEmpty)
    #expect(try waiting(deployment) == requests.count)
    #expect(Leaks(tokens: []).areAbsent(from: log.errors))

    let seeing = try deployment.startWorker(["adapter.ca.file": scratch["ca.pem"]])
    try proveSuccess(deployment, emulator, seeing)
    #expect(emulator.stats.calls == requests.count)
  }

  @Test(
    "A refused credential is probed once in 30 s and fails nothing; when the file is replaced all succeed, without a restart"
  )
  func credential() throws {
    let emulator = try AdapterEmulator(forDeploymentWith: { _ in })
    defer { emulator.stop() }
    let concurrency = 4
    let deployment = try Deployment(
      kafka: TestKafka.shared, adapterURL: emulator.baseURL,
      settings: ["adapter.concurrency": String(concurrency), "admin.listen": "127.0.0.1:0"])
    let wrong = "not-the-adapters-credential-any-more"
    try deployment.scratch.write("credential", wrong)
    try deployment.produce(lines: requests.map { (String($0.userID), $0.structured) }, [])
    let worker = try deployment.startWorker()
    let admin = try worker.adminPort()
    try worker.awaitLog("adapter.credential.refused")
    try awaiting("Unready") { try HTTPAnswer.get("/readyz", port: admin).body.contains("\"credential\":{\"ok\":false") }
    let closed = uptime()
    // Every link is put off; nothing else happens until the probe.
    try awaiting("Waiting links", state: { worker.program.tail }) {
      try waiting(deployment) == requests.count && deployment.offsets().allSatisfy { $0.committed == $0.end }
    }
    try awaiting("Five seconds") { uptime() - closed > 5 }
    #expect((1...concurrency + 1).contains(emulator.stats.answersByStatus[401] ?? 0))
    #expect(emulator.stats.calls == 0)
    #expect(try deployment.outcomes().isEmpty)

    try deployment.scratch.write("credential", Deployment.credential)
    try awaiting("Ready again") { try HTTPAnswer.get("/readyz", port: admin).status == 200 }
    let log = try proveSuccess(deployment, emulator, worker)
    #expect((emulator.stats.answersByStatus[401] ?? 0) <= concurrency + 2)
    #expect(String(decoding: log, as: UTF8.self).contains("adapter.credential.accepted"))
    #expect(!String(decoding: log, as: UTF8.self).contains(wrong))
    #expect(emulator.stats.calls == requests.count)
  }

  private let requests = (1...24).map { number in
    RequestEvent(id: "r\(number)", userID: Int64(number), idempotencyKey: "k\(number)", accounts: [Int64(number)])
  }

  private func waiting(_ deployment: Deployment) throws -> Int {
    try deployment.liveState().values.count { record in
      if case .link(let link) = record, case .scheduled = link.state { true } else { false }
    }
  }

  /// Every request has its token in the end, at the first call that counts; the worker's log is returned.
  @discardableResult
  private func proveSuccess(
    _ deployment: Deployment, _ emulator: AdapterEmulator, _ worker: WorkerProcess
  ) throws -> [UInt8] {
    let outcomes = try deployment.awaitOutcomes(requests.count, worker: worker)
    try deployment.awaitNoLag(worker: worker)
    let end = try worker.stop()
    #expect(end.code == 0)
    #expect(outcomes.allSatisfy { $0.isA("token-ready") && $0.attempts == 1 })
    #expect(Set(outcomes.map(\.requestID)) == Set(requests.map(\.id)) && outcomes.count == requests.count)
    let tokens = outcomes.compactMap(\.token)
    #expect(tokens.allSatisfy { emulator.verify($0) != nil })
    #expect(Leaks(tokens: tokens).areAbsent(from: end.errors))
    return end.errors
  }

  /// A certificate for 127.0.0.1 by an authority of its own, whose certificate is `ca.pem`.
  private func certificates(in scratch: Scratch) throws -> AdapterEmulatorConfiguration.TLSFiles {
    try scratch.write("extensions", "subjectAltName=IP:127.0.0.1\n")
    let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    for arguments in [
      ["req", "-x509", "-days", "2", "-subj", "/CN=test authority", "-keyout", "ca.key", "-out", "ca.pem"] + key,
      ["req", "-subj", "/CN=127.0.0.1", "-keyout", "adapter.key", "-out", "adapter.csr"] + key,
      [
        "x509", "-req", "-in", "adapter.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
        "-extfile", "extensions", "-out", "adapter.pem",
      ],
    ] {
      let files = ["ca.key", "ca.pem", "adapter.key", "adapter.csr", "adapter.pem", "extensions"]
      let outcome = try RunningProgram.run(["openssl"] + arguments.map { files.contains($0) ? scratch[$0] : $0 })
      guard outcome.code == 0 else { throw Missing("openssl \(arguments[0]): \(outcome.errorText)") }
    }
    return .init(certificatePath: scratch["adapter.pem"], keyPath: scratch["adapter.key"])
  }
}
