import Glibc
import LinkCore
import LinkSandbox
import LinkTestSupport
import Testing

extension Chaos {
  /// Row 23: descriptors and memory run out.
  @Suite struct ScarcityTests {
    @Test(
      "Without descriptors for new connections the work goes on over those it has, and nothing burns the processor; with them all of it"
    )
    func descriptors() throws {
      let load = try Load(adapter: { $0.ruleForAll = EmulatorRule(latency: 300) })
      let worker = try load.startWorker()
      let port = try worker.adminPort()
      try load.ask(6)
      try load.deployment.awaitOutcomes(6, worker: worker)
      try worker.limitDescriptors(to: 3)
      // A probe that gets no answer, for the process can take no connection.
      let probe = try LoopbackSocket(port: port)
      probe.write(Array("GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".utf8))
      let (began, burnt) = (uptime(), try worker.processorSeconds())
      try load.ask(60)
      let alarm = try worker.awaitLog("adapter.unreachable")
      #expect(alarm.message.contains("the call was not sent and is made later"))
      try load.deployment.awaitOutcomes(50, worker: worker)
      let share = (try worker.processorSeconds() - burnt) / (uptime() - began)
      #expect(share < 0.4, "\(share) of a processor")
      #expect(!probe.isClosed, "it waits")
      try worker.limitDescriptors(to: 1024)
      try load.ask(60)
      try load.prove(worker: worker)
      #expect(String(decoding: probe.readToEnd(), as: UTF8.self).hasPrefix("HTTP/1.1 200"), "the probe has its answer")
      #expect(try worker.stop().code == 0)
    }

    @Test(
      "A start with too few descriptors ends with a code, and says so in one line", arguments: [8, 32, 127])
    func start(_ limit: Int) throws {
      let load = try Load()
      let outcome = try load.startWorker(through: ["prlimit", "--nofile=\(limit)"]).program.end()
      #expect(outcome.code == 78)
      #expect(outcome.errorText.contains("the process may have \(limit) open"), "\(outcome.errorText)")
      #expect(outcome.errorText.contains("Try: raise the limit of open files"), "\(outcome.errorText)")
    }

    @Test("With few descriptors the worker warns and works; a limit that it may raise itself it raises")
    func few() throws {
      let load = try Load()
      let few = try load.startWorker(through: ["prlimit", "--nofile=128"])
      try few.awaitLog("process.descriptors")
      try load.ask(30)
      try load.deployment.awaitOutcomes(30, worker: few)
      #expect(try few.stop().code == 0)
      let soft = try load.startWorker(through: ["prlimit", "--nofile=64:1024"])
      try load.ask(30)
      try load.prove(worker: soft)
      #expect(soft.log("process.descriptors").isEmpty)
      #expect(try soft.stop().code == 0)
    }

    @Test(
      "Without memory the worker ends or goes on, but never twice over: the next one that has some ends every link once"
    )
    func memory() throws {
      let load = try Load()
      let first = try load.startWorker()
      try load.ask(30)
      try load.deployment.awaitOutcomes(30, worker: first)
      // Nothing more than it has.
      let outcome = try RunningProgram.run([
        "prlimit", "--pid", String(first.program.id), "--as=\(try first.statusBytes("VmSize"))",
      ])
      try #require(outcome.code == 0, "\(outcome.errorText)")
      try load.ask(2_000, context: #"{"bulk":"\#(String(repeating: "b", count: 3_900))"}"#)
      try awaiting("An end, or a third of the work", state: { first.program.tail }) {
        try !first.program.isRunning || load.outcomeCount() > 600
      }
      first.kill()
      let second = try load.startWorker()
      try load.askAgain()
      try load.prove(extraCalls: 1, worker: second)
      #expect(try second.stop().code == 0)
    }
  }
}

extension WorkerProcess {
  /// Lets it open no descriptor beyond this number.
  fileprivate func limitDescriptors(to limit: Int) throws {
    let outcome = try RunningProgram.run(["prlimit", "--pid", String(program.id), "--nofile=\(limit):1024"])
    guard outcome.code == 0 else { throw Missing("A limit of descriptors: \(outcome.errorText)") }
  }
}
