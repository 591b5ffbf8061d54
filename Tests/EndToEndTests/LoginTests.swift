import LinkCore
import LinkKafka
import LinkSandbox
import LinkTestSupport
import Testing

extension EndToEnd {
  /// Logins that fail are told for what they are, and soon.
  @Suite struct LoginTests {
    @Test(
      "A wrong password is told within seconds, to the worker and to each command",
      arguments: [["run"], ["topics", "check"], ["config", "check", "--connect"]])
    func wrongPassword(command: [String]) throws {
      let guarded = try Guarded.shared.get()
      try expect(
        guarded, command, guarded.kafka.passwordSettings(), ["kafka.sasl.password": "\(SecureKafka.password)-not"], 77,
        ["Authentication failed", "kafka.sasl.username"])
    }

    @Test("SCRAM by a librdkafka that cannot speak it to Kafka 4 is explained; a newer one logs in")
    func scram() throws {
      let guarded = try Guarded.shared.get()
      try guarded.kafka.enableSCRAM()
      let settings = guarded.kafka.passwordSettings(mechanism: "SCRAM-SHA-256")
      let version = KafkaProperties.libraryVersion.split(separator: ".").compactMap { Int($0.prefix { $0.isNumber }) }
      if version.lexicographicallyPrecedes([2, 6, 1]) {
        for command in [["run"], ["config", "check", "--connect"]] {
          try expect(
            guarded, command, settings, [:], 77,
            ["before 2.6.1 (this is \(KafkaProperties.libraryVersion))", "Kafka 4", "PLAIN over TLS"])
        }
      } else {
        let deployment = try guarded.deployment(settings)
        let outcome = try deployment.run(["config", "check", "--connect"])
        #expect(outcome.outputText.contains("its principal is User:worker"), "\(outcome.outputText)")
      }
    }

    @Test(
      "A mechanism that the broker does not have, a client without certificate and a wrong authority are told apart")
    func others() throws {
      let guarded = try Guarded.shared.get()
      let check = ["config", "check", "--connect"]
      try expect(
        guarded, check, guarded.kafka.passwordSettings(mechanism: "SCRAM-SHA-512"), [:], 77,
        ["PLAIN", "SCRAM-SHA-256", "set kafka.sasl.mechanism to one that the broker supports"])
      var bare = guarded.kafka.certificateSettings()
      for name in ["certificate.location", "key.location", "key.password"] { bare["kafka.ssl." + name] = nil }
      try expect(guarded, check, bare, [:], 78, ["set kafka.ssl.certificate.location", "client certificate"])
      let other = try Certificates("authority other")
      try expect(
        guarded, check, guarded.kafka.certificateSettings(), ["kafka.ssl.ca.location": other["other.pem"]], 78,
        ["certificate verify failed", "kafka.ssl.ca.location"])
    }

    @Test(
      "An adapter with a private authority is called; one with a certificate of another is named in the log and in the check"
    )
    func adapter() throws {
      let certificates = try Certificates(
        "authority ca; authority other; sign adapter ca 30 IP:127.0.0.1; sign expired ca -1 IP:127.0.0.1")
      let deployment = try Deployment(
        kafka: Guarded.shared.get().kafka.kafka, adapterURL: "http://127.0.0.1:1", partitions: 1)
      func check(_ name: String, _ authority: String, warns words: String? = nil) throws -> RunningProgram.Outcome {
        let emulator = try AdapterEmulator(forDeploymentWith: {
          $0.tls = .init(certificatePath: certificates[name + ".pem"], keyPath: certificates[name + ".key"])
        })
        defer { emulator.stop() }
        let settings = ["adapter.url": emulator.baseURL, "adapter.ca.file": certificates[authority + ".pem"]]
        let outcome = try deployment.run(["config", "check", "--connect"], with: settings)
        let worker = try deployment.startWorker(settings)
        let key = name + authority
        let request = RequestEvent(id: key, userID: 1, idempotencyKey: key, accounts: [1])
        try deployment.produce(lines: [("1", request.structured)], [])
        if let words {
          let warning = try worker.awaitLog("adapter.unreachable")
          #expect(warning.json["message"]?.text?.string.contains(words) == true)
        } else {
          try deployment.awaitOutcomes(1, worker: worker)
        }
        #expect(try worker.stop().code == 0)
        return outcome
      }
      #expect(try check("adapter", "ca").code == 0)
      let unknown = try check("adapter", "other", warns: "issuer")
      #expect(
        unknown.code == 78 && unknown.problems.contains { $0.contains("adapter.ca.file") }, "\(unknown.outputText)")
      let expired = try check("expired", "ca", warns: "expired")
      #expect(expired.code == 78 && expired.problems.contains { $0.contains("expired") }, "\(expired.outputText)")
    }

    /// The command ends soon, with the code, says the words, and no secret.
    private func expect(
      _ guarded: Guarded, _ command: [String], _ settings: [String: String], _ more: [String: String], _ code: Int32?,
      _ words: [String], _ source: SourceLocation = #_sourceLocation
    ) throws {
      let deployment = try Deployment(
        kafka: guarded.kafka.kafka, adapterURL: "http://127.0.0.1:1", settings: settings, makesTopics: false)
      let began = uptime()
      let outcome = try deployment.run(command, with: more)
      #expect(uptime() - began < 15, "it takes \(uptime() - began) s", sourceLocation: source)
      let text = outcome.outputText + outcome.errorText
      if let code { #expect(outcome.code == code, "\(text)", sourceLocation: source) }
      for word in words + ["Try: "] { #expect(text.contains(word), "\(word): \(text)", sourceLocation: source) }
      guarded.expectNoSecret(in: outcome)
    }
  }
}
