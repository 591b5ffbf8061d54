import Glibc
import LinkCore
import LinkSandbox
import LinkTestSupport
import Testing

/// Each answer of the adapter, through the built worker, and what becomes of the link. Beside the others: they mostly wait.
@Suite(.serialized, .enabled(if: TestKafka.isAvailable, "KAFKA_HOME is not set"))
struct EndToEndAnswerTests {
  @Test(
    "Each answer of the adapter has its class, and each class its end, over HTTP and over TLS",
    arguments: [false, true])
  func rows(_ isEncrypted: Bool) throws {
    let scratch = try Scratch()
    let certificates = try LoopbackCertificates(directory: scratch["tls"])
    let emulator = try AdapterEmulator(forDeploymentWith: { $0.tls = isEncrypted ? certificates.server : nil })
    defer { emulator.stop() }
    let date = wallSeconds() + 15
    let rows = AnswerRow.all(date: httpDate(date))
    let forbidden = Int64(rows.count + 1)
    for (user, row) in zip(Int64(1)..., rows) {
      emulator.setRule(row.failure.map { EmulatorRule(failure: $0, failFirst: row.failFirst) }, for: user)
    }
    emulator.setRule(EmulatorRule(failure: .status(403)), for: forbidden)

    var settings = AnswerRow.settings
    if isEncrypted { settings["adapter.ca.file"] = certificates.authorityPath }
    let deployment = try Deployment(kafka: TestKafka.shared, adapterURL: emulator.baseURL, settings: settings)
    try deployment.write((1...forbidden).map { request($0).record })
    let worker = try deployment.startWorker()
    let outcomes = try deployment.awaitOutcomes(rows.count + 1, within: 300, worker: worker)
    try deployment.awaitNoLag(worker: worker)
    let end = try worker.stop()
    #expect(end.code == 0)
    #expect(outcomes.count == rows.count + 1)
    #expect(Leaks(tokens: outcomes.compactMap(\.token)).areAbsent(from: end.errors))

    let links = try links(deployment)
    for (user, row) in zip(Int64(1)..., rows) {
      let link = try #require(links[user], "\(row.name)")
      let outcome = try #require(outcomes.first { $0.userID == user }, "\(row.name)")
      #expect(link.attempts.map(\.verdict) == row.verdicts, "\(row.name)")
      #expect(link.attempts.first?.status == row.status, "\(row.name)")
      #expect(self.end(outcome) == row.end, "\(row.name)")
      #expect(emulator.user(user)?.calls == row.verdicts.count, "\(row.name)")
      #expect(link.ambiguousCount == row.verdicts.count { $0 == .ambiguous }, "\(row.name)")
      if let wait = row.wait { #expect(link.attempts.first?.wait.map(wait.contains) == true, "\(row.name): \(link)") }
      if let code = outcome.code {
        #expect(outcome.data["error"]?["retryable"]?.boolean == (code == "ambiguous_exhausted"), "\(row.name)")
      }
    }
    // The date's own promise: not before that time, or before what is heeded of it.
    let dated = try #require(rows.firstIndex { $0.name.hasSuffix("a date") }.flatMap { links[Int64($0 + 1)] })
    let second = try #require(dated.attempts.dropFirst().first)
    #expect(second.at.milliseconds >= min(date * 1000, dated.attempts[0].at.milliseconds + 3000))

    let refused = try #require(links[forbidden])
    #expect(refused.attempts.count >= 2 && refused.attempts.allSatisfy { $0.verdict == .forbidden && $0.status == 403 })
    #expect(outcomes.first { $0.userID == forbidden }.map(self.end) == .failed(.userForbidden, attempts: 0))
    #expect(!String(decoding: end.errors, as: UTF8.self).contains("adapter.credential.refused"))
  }

  @Test(
    "401, a redirect, and 403 for everybody stop the calls and fail nobody; each time another credential in the file is enough"
  )
  func credentials() throws {
    let emulator = try AdapterEmulator(forDeploymentWith: { _ in })
    defer { emulator.stop() }
    let deployment = try Deployment(
      kafka: TestKafka.shared, adapterURL: emulator.baseURL,
      settings: ["adapter.concurrency": "1", "admin.listen": "127.0.0.1:0"])
    let worker = try deployment.startWorker()
    let admin = try worker.adminPort()
    func answers() -> Int { emulator.stats.answersByStatus.values.reduce(0, +) }
    let refusals: [(users: [Int64], failure: EmulatorRule.Failure)] = [
      ([1], .status(401)), ([2], .status(307, location: "http://another-host.invalid/generate/token")),
      ([3, 4], .status(403)),
    ]
    for (number, refusal) in refusals.enumerated() {
      for user in refusal.users { emulator.setRule(EmulatorRule(failure: refusal.failure), for: user) }
      try deployment.write(refusal.users.map { request($0).record })
      try awaiting("The alarm", state: { worker.program.tail }) {
        try worker.log("adapter.credential.refused").count == number + 1
          && HTTPAnswer.get("/readyz", port: admin).body.contains(#""credential":{"ok":false"#)
      }
      // Nobody is called now, whoever asks.
      let before = answers()
      try deployment.write([request(100 + Int64(number)).record])
      try deployment.awaitNoLag(worker: worker)
      #expect(answers() == before)

      let next = "credential-\(number)"
      emulator.setCredential(Secret(Array(next.utf8)))
      for user in refusal.users { emulator.setRule(nil, for: user) }
      try deployment.scratch.write("credential", next)
      try awaiting("The new credential", state: { worker.program.tail }) {
        try HTTPAnswer.get("/readyz", port: admin).body.contains(#""credential":{"ok":true"#)
      }
      // The next one who asks tries it at once; the others come when their time has come.
      try deployment.write([request(200 + Int64(number)).record])
      try awaiting("The first token", state: { worker.program.tail }) {
        try deployment.outcomes().contains { $0.userID == 200 + Int64(number) }
      }
    }
    let outcomes = try deployment.awaitOutcomes(10, within: 300, worker: worker)
    #expect(try worker.stop().code == 0)
    #expect(outcomes.count == 10 && outcomes.allSatisfy { $0.isA("token-ready") && $0.attempts == 1 })
    let links = try links(deployment)
    #expect(links[1]?.attempts.map(\.status) == [401, 200] && links[2]?.attempts.map(\.status) == [307, 200])
    for user in [Int64(1), 2] { #expect(links[user]?.attempts.first?.verdict == .credential, "\(user)") }
    // Of two users who are forbidden the second one's answer tells.
    #expect(Set([3, 4].compactMap { links[$0]?.attempts.first?.verdict }) == [.forbidden, .credential])
  }

  @Test(
    "A certificate that is expired, of another host or self-signed, or none at all, is refused and nothing is sent; links wait"
  )
  func certificates() throws {
    let certificates = try Certificates(
      """
      authority ca
      sign good ca 30 IP:127.0.0.1
      sign expired ca -1 IP:127.0.0.1
      sign stranger ca 30 DNS:other.example
      key self
      openssl req -x509 -new -key self.key -subj /CN=self -addext subjectAltName=IP:127.0.0.1 -days 30 -out self.pem
      """)
    defer { certificates.remove() }
    func emulator(_ name: String?) throws -> AdapterEmulator {
      try AdapterEmulator(forDeploymentWith: { configuration in
        configuration.tls = name.map {
          .init(certificatePath: certificates[$0 + ".pem"], keyPath: certificates[$0 + ".key"])
        }
      })
    }
    let good = try emulator("good")
    defer { good.stop() }
    let deployment = try Deployment(
      kafka: TestKafka.shared, adapterURL: good.baseURL, settings: ["adapter.ca.file": certificates["ca.pem"]])
    let kinds = ["expired", "stranger", "self", nil]
    for (user, kind) in zip(Int64(1)..., kinds) {
      let bad = try emulator(kind)
      defer { bad.stop() }
      try deployment.write([request(user).record])
      let worker = try deployment.startWorker(["adapter.url": "https://127.0.0.1:\(bad.port)"])
      try awaiting("A waiting link", state: { worker.program.tail }) { !worker.log("link.scheduled").isEmpty }
      try deployment.awaitNoLag(worker: worker)
      #expect(try worker.stop().code == 0)
      #expect(bad.stats.calls == 0 && bad.stats.answersByStatus.isEmpty, "\(kind ?? "plain text")")
      let link = try #require(try links(deployment)[user])
      #expect(link.attemptCount == 0 && link.attempts.allSatisfy { $0.verdict == .unsent }, "\(kind ?? "plain text")")
    }
    #expect(try deployment.outcomes().isEmpty)
    let worker = try deployment.startWorker()
    let outcomes = try deployment.awaitOutcomes(kinds.count, worker: worker)
    #expect(try worker.stop().code == 0)
    #expect(outcomes.count == kinds.count && outcomes.allSatisfy { $0.isA("token-ready") && $0.attempts == 1 })
    #expect(good.stats.calls == kinds.count)
  }

  private func request(_ user: Int64) -> RequestEvent {
    RequestEvent(id: "r\(user)", userID: user, idempotencyKey: "k", accounts: [user])
  }

  private func links(_ deployment: Deployment) throws -> [Int64: Link] {
    var links: [Int64: Link] = [:]
    for case .link(let link) in try deployment.liveState().values { links[link.key.userId] = link }
    return links
  }

  private func end(_ outcome: OutcomeEvent) -> AnswerRow.End? {
    guard let attempts = outcome.attempts else { return nil }
    if outcome.isA("token-ready") { return .token(attempts: attempts) }
    return outcome.code.flatMap(FailureCode.init).map { .failed($0, attempts: attempts) }
  }

  private func wallSeconds() -> Int64 { Int64(time(nil)) }

  /// As in `Sun, 06 Nov 1994 08:49:37 GMT`.
  private func httpDate(_ seconds: Int64) -> String {
    var moment = time_t(seconds)
    var parts = tm()
    gmtime_r(&moment, &parts)
    var text = [CChar](repeating: 0, count: 64)
    let length = strftime(&text, text.count, "%a, %d %b %Y %H:%M:%S GMT", &parts)
    return String(decoding: text.prefix(length).map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}
