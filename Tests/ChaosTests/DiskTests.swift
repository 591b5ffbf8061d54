import Glibc
import LinkCore
import LinkTestSupport
import Testing

extension Chaos {
  /// Row 20: the disk of the store is full, read-only, or fails.
  @Suite struct DiskTests {
    @Test(
      "On a disk that fills up the worker says so, publishes nothing that it cannot journal, and goes on once there is room",
      .enabled(if: SmallDisk.isAvailable, "nothing can be mounted here"))
    func full() throws {
      let disk = try SmallDisk(kilobytes: 16_384)
      let load = try Load(settings: ["store.directory": disk.path + "/store"])
      let worker = try load.startWorker()
      try load.ask(20)
      try load.deployment.awaitOutcomes(20, worker: worker)
      try disk.fill()
      // What the write-ahead log has room for already is still done: so there is more than that.
      try load.ask(600, context: Self.bulk)
      let alarm = try worker.awaitLog("store.failed")
      #expect(alarm.level == "error")
      for words in ["full", disk.path, "Try: make room on the disk"] {
        #expect(alarm.message.contains(words), "\(worker.program.tail)")
      }
      try worker.awaitReady(false, saying: #""store":{"ok":false"#)
      // What was journaled before may still be on its way.
      try awaiting("A disk so full that nothing comes", state: { worker.program.tail }) {
        let before = try load.outcomeCount()
        try worker.awaitLines(3, of: "store.failed", past: worker.log("store.failed").count)
        return try load.outcomeCount() == before
      }
      #expect(try load.outcomeCount() < load.requests.count)
      disk.free()
      try worker.awaitLog("store.recovered")
      try load.prove(worker: worker)
      try worker.awaitReady(true)
      #expect(try worker.stop().code == 0)
    }

    @Test(
      "A worker killed on a full disk starts, or ends with 73 and says why; the one that has room again ends every link once",
      .enabled(if: SmallDisk.isAvailable, "nothing can be mounted here"))
    func killedWhileFull() throws {
      let disk = try SmallDisk(kilobytes: 16_384)
      let load = try Load(settings: ["store.directory": disk.path + "/store"])
      let first = try load.startWorker()
      try load.ask(20)
      try load.deployment.awaitOutcomes(20, worker: first)
      try disk.fill()
      try load.ask(600, context: Self.bulk)
      try first.awaitLog("store.failed")
      first.kill()
      let second = try load.startWorker()
      try awaiting("An alarm or an end", state: { second.program.tail }) {
        !second.program.isRunning || !second.log("store.failed").isEmpty || !second.log("restore.failed").isEmpty
      }
      if !second.program.isRunning {
        let outcome = try second.program.end()
        #expect(outcome.code == 73 && outcome.errorText.contains("make room on the disk"), "\(outcome.errorText)")
      }
      second.kill()
      disk.free()
      let third = try load.startWorker()
      try load.prove(extraCalls: 2, worker: third)
      #expect(try third.stop().code == 0)
    }

    @Test(
      "A store on a disk that is mounted read-only ends the start with 73 and says what to do; mounted for writing, it is taken up",
      .enabled(if: SmallDisk.isAvailable, "nothing can be mounted here"))
    func mountedReadOnly() throws {
      let disk = try SmallDisk(kilobytes: 16_384)
      let load = try Load(settings: ["store.directory": disk.path + "/store"])
      let first = try load.startWorker()
      try load.ask(50)
      try load.deployment.awaitOutcomes(20, worker: first)
      first.kill()
      try disk.remount(writable: false)
      let outcome = try load.startWorker().program.end()
      #expect(outcome.code == 73)
      #expect(outcome.errorText.contains("mounted for writing"), "\(outcome.errorText)")
      try disk.remount(writable: true)
      let second = try load.startWorker()
      try load.prove(extraCalls: 1, worker: second)
      #expect(try second.stop().code == 0)
    }

    @Test(
      "While writes or syncs of the store fail, nothing is published that is not journaled; then it goes on, also after SIGKILL",
      .enabled(if: FaultyDisk.isAvailable, "there is no C compiler"),
      arguments: [FaultyDisk.Fault.write, .sync, .readOnly])
    func failing(_ fault: FaultyDisk.Fault) throws {
      let load = try Load()
      let disk = try FaultyDisk(under: load.deployment.scratch["store"])
      let first = try load.startWorker(environment: disk.environment)
      try load.ask(50)
      try load.deployment.awaitOutcomes(50, worker: first)
      try load.deployment.awaitNoLag(worker: first)

      // It stands idle: nothing is journaled, and so nothing may come.
      try disk.set(fault)
      try load.ask(50)
      let alarm = try first.awaitLog("store.failed")
      #expect(alarm.level == "error" && alarm.message.contains("Try: "))
      try first.awaitReady(false, saying: #""store":{"ok":false"#)
      try first.awaitLines(3, of: "store.failed", past: first.log("store.failed").count)
      #expect(try load.outcomeCount() == 50)
      try disk.set(nil)
      try load.prove(worker: first)
      try first.awaitReady(true)

      // The same, and it dies of it.
      try disk.set(fault)
      try load.ask(50)
      try first.awaitLines(2, of: "store.failed", past: first.log("store.failed").count)
      #expect(try load.outcomeCount() == 100)
      first.kill()
      try disk.set(nil)
      let second = try load.startWorker()
      try load.askAgain()
      try load.prove(extraCalls: 1, worker: second)
      #expect(try second.stop().code == 0)
    }

    @Test(
      "A store that cannot be read is begun anew, or ends the start with 75 and says what to do; the next one restores it",
      .enabled(if: FaultyDisk.isAvailable, "there is no C compiler"))
    func unreadable() throws {
      let load = try Load()
      let disk = try FaultyDisk(under: load.deployment.scratch["store"])
      let first = try load.startWorker()
      try load.ask(50)
      try load.deployment.awaitOutcomes(20, worker: first)
      first.kill()
      try disk.set(.read)
      let outcome = try load.startWorker(environment: disk.environment).program.end()
      #expect(outcome.code == 75)
      for words in ["disk I/O error", "links.db", "Try: start the worker again: it rebuilds the store"] {
        #expect(outcome.errorText.contains(words), "\(outcome.errorText)")
      }
      try disk.set(nil)
      let second = try load.startWorker(environment: disk.environment)
      try load.prove(extraCalls: 1, worker: second)
      let end = try second.stop()
      #expect(end.code == 0, "\(end.errorText)")
    }

    /// A context of 3 KB, so that the store grows.
    private static let bulk = #"{"bulk":"\#(String(repeating: "b", count: 3_000))"}"#
  }
}
