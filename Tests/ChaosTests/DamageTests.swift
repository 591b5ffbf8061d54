import Glibc
import LinkCore
import LinkTestSupport
import Testing

extension Chaos {
  /// Row 21: the files of the store are damaged between two lives of the worker.
  @Suite struct DamageTests {
    @Test(
      "Bits flipped and ends cut off the store or its log between lives are met, set aside and restored: every link ends once",
      arguments: [UInt64(1), 2])
    func damage(_ seed: UInt64) throws {
      var random = SeededRandom(seed: seed)
      let load = try Load(settings: ["retry.initial.ms": "1"])
      var (met, lives) = (0, 0)
      for round in 1...6 {
        let worker = try startThrough(load, &met, &lives)
        try load.ask(60)
        // What is known is asked for again: a link that the damage made unknown would be called and published once more.
        try load.askAgain()
        try load.deployment.awaitOutcomes(load.requests.count - 30, worker: worker)
        // With its log left behind, or folded into the database.
        if random.next() % 2 == 0 { worker.kill() } else { #expect(try worker.stop().code == 0) }
        for _ in 0..<(round % 3 + 1) { try damage(load.deployment.scratch["store"], &random) }
      }
      let last = try startThrough(load, &met, &lives)
      try load.askAgain()
      try load.prove(extraCalls: Int64(lives), worker: last)
      #expect(met > 0, "none of the damage was met")
      #expect(try last.stop().code == 0)
    }

    /// Starts a worker until one stays; those that meet damage at work end with 75, to be started again.
    private func startThrough(_ load: Load, _ met: inout Int, _ lives: inout Int) throws -> WorkerProcess {
      for _ in 0..<3 {
        let worker = try load.startWorker()
        lives += 1
        try awaiting("Lanes, or an end", state: { worker.program.tail }) {
          !worker.program.isRunning
            || Set(worker.log("lane.opened").compactMap { $0.json["partition"]?.integer }).count == 2
        }
        met += worker.log("store.event").count { $0.json["message"]?.text?.string.contains("begun anew") == true }
        met += worker.log("store.set_aside").count
        guard !worker.program.isRunning else { return worker }
        let outcome = try worker.program.end()
        #expect(outcome.code == 75 && outcome.errorText.contains("rebuilds the store"), "\(outcome.errorText)")
      }
      throw Missing("A worker that starts on a damaged store")
    }

    /// Flips a bit, overwrites a page, or cuts the end off, in one of the store's files.
    private func damage(_ directory: String, _ random: inout SeededRandom) throws {
      let files = ["links.db", "links.db-wal"].map { directory + "/" + $0 }.filter { !Scratch.bytes(of: $0).isEmpty }
      let file = try #require(files.isEmpty ? nil : files[Int(random.next() % UInt64(files.count))])
      var bytes = Scratch.bytes(of: file)
      let place = Int(random.next() % UInt64(bytes.count))
      switch random.next() % 4 {
      case 0: bytes.removeLast(bytes.count - place)
      case 1:
        for index in place..<min(place + 4096, bytes.count) { bytes[index] = UInt8(truncatingIfNeeded: random.next()) }
      default: bytes[place] ^= 1 << UInt8(random.next() % 8)
      }
      try overwrite(file, bytes)
    }

    /// In place, as a disk does it.
    private func overwrite(_ file: String, _ bytes: [UInt8]) throws {
      let descriptor = open(file, O_WRONLY | O_TRUNC | O_CLOEXEC)
      guard descriptor >= 0 else { throw Missing("The file \(file)") }
      defer { close(descriptor) }
      guard write(descriptor, bytes, bytes.count) == bytes.count else { throw Missing("Room for \(file)") }
    }
  }
}
