import Glibc
import LinkCore
import LinkSandbox
import LinkTestSupport
import Testing

extension Chaos {
  /// Row 39: what the worker may do is withdrawn while it runs, and given back.
  @Suite struct PermissionTests {
    @Test(
      "Each of the least rules, withdrawn while the worker runs, is told in the log and loses nothing; given back, it goes on by itself"
    )
    func withdrawn() throws {
      let ground = try GuardedLoad(on: SecureKafka.shared)
      let (load, deployment) = (ground.load, ground.load.deployment)
      let worker = try load.startWorker()
      try load.ask(10)
      try deployment.awaitOutcomes(10, worker: worker)
      for (round, rule) in ground.rules.enumerated() {
        let lines = worker.log.count
        try ground.forbid(rule)
        try load.ask(10)
        // Not at home, and no event at all: so that each of the rules is asked for.
        try load.ask(1, partition: 0)
        try load.ask(1, partition: 1)
        try ground.writeMalformed("no event \(round)", partition: 0)
        if rule.isNeededAtWork(deployment) {
          try awaiting("An alarm about \(rule)", state: { worker.program.tail }) {
            if !worker.program.isRunning { throw Missing("\(rule): the worker has ended. \(worker.program.tail)") }
            return worker.log[lines...].contains { line in
              ["warning", "error"].contains(line.level)
                && line.message.lowercased().contains("authorization failed")
            }
          }
        }
        try ground.allow(rule)
        try deployment.awaitOutcomes(load.requests.count, worker: worker)
      }
      try load.prove(worker: worker)
      #expect(try deployment.records(.deadLetters).count == ground.rules.count)
      #expect(try worker.stop().code == 0)
    }

    @Test(
      "Without Read on the state topic a restore waits, /readyz and the log say for what, and it goes on when it is given back"
    )
    func restoring() throws {
      let ground = try GuardedLoad(on: SecureKafka.shared)
      let (load, deployment) = (ground.load, ground.load.deployment)
      let first = try load.startWorker()
      try load.ask(30)
      try deployment.awaitOutcomes(30, worker: first)
      let read = ground.rule(.read, .state)
      try ground.forbid(read)
      // Its partitions are shared out anew: what it gets has to be restored.
      let second = try load.startWorker(["store.directory": deployment.scratch["second"]])
      try second.awaitReady(false, saying: "uthorization failed")
      let alarm = try second.awaitLog("restore.failed")
      #expect(alarm.message.contains("Try: "), "\(second.program.tail)")
      try load.ask(30)
      try ground.allow(read)
      try deployment.awaitOutcomes(60, worker: second)
      #expect(try first.stop().code == 0)
      try load.prove(worker: second)
      #expect(try second.stop().code == 0)
    }

    @Test(
      "A password that the broker does not take any more is told in the log; when it does again, the worker goes on by itself"
    )
    func password() throws {
      let ground = try GuardedLoad(on: SecureKafka())
      let (load, deployment) = (ground.load, ground.load.deployment)
      let worker = try load.startWorker()
      try load.ask(30)
      try deployment.awaitOutcomes(10, worker: worker)
      try ground.restartBroker(taking: "another-password")
      try awaiting("An alarm about the password", state: { worker.program.tail }) {
        worker.log.contains { line in
          line.level == "warning" && line.message.contains("Invalid username or password")
        }
      }
      // Its session ends meanwhile, and no other can begin.
      try worker.awaitReady(false, saying: #""assigned":{"ok":false"#)
      try load.ask(30)
      try ground.restartBroker(taking: SecureKafka.password)
      try load.prove(worker: worker)
      #expect(!worker.program.tail.contains(SecureKafka.password))
      #expect(try worker.stop().code == 0)
    }
  }
}

extension AccessRule {
  /// Whether a worker that has started needs it before its partitions change hands: the topics' settings and their state are read before.
  fileprivate func isNeededAtWork(_ deployment: Deployment) -> Bool {
    operation != .describeConfigs && self != AccessRule(.topic, deployment.topic(.state), .read)
  }
}

extension GuardedLoad {
  /// Ends the broker and starts it again with another password for the user `worker`.
  func restartBroker(taking password: String) throws {
    let file = kafka.kafka.directory + "/broker.properties"
    let lines = String(decoding: Scratch.bytes(of: file), as: UTF8.self).split(
      separator: "\n", omittingEmptySubsequences: false)
    let changed = lines.map { line -> String in
      guard line.contains("plain.sasl.jaas.config"), let start = line.firstRange(of: #"user_worker=""#),
        let end = line[start.upperBound...].firstIndex(of: "\"")
      else { return String(line) }
      return line[..<start.upperBound] + password + line[end...]
    }
    kafka.kafka.stop()
    let descriptor = open(file, O_WRONLY | O_TRUNC | O_CLOEXEC)
    guard descriptor >= 0 else { throw Missing("The file \(file)") }
    defer { close(descriptor) }
    let bytes = Array(changed.joined(separator: "\n").utf8)
    guard write(descriptor, bytes, bytes.count) == bytes.count else { throw Missing("Room for \(file)") }
    try kafka.kafka.start()
  }
}
