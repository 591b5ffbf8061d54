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
      let load = try Load()
      let life = Life(load)
      for round in 1...6 {
        try load.ask(60)
        // What is known is asked for again: a link that the damage made unknown would be called for and published once more.
        try load.askAgain()
        try life.await(load.requests.count - 30)
        // With its log left behind, or folded into the database.
        try life.end(byKilling: random.next() % 2 == 0)
        for _ in 0..<(round % 3 + 1) { try damage(load.deployment.scratch["store"], &random) }
      }
      try load.askAgain()
      try life.await(load.requests.count, isSettled: true)
      try load.prove(extraCalls: Int64(life.count), worker: try life.worker())
      #expect(life.metCount > 0, "none of the damage was met")
      try life.end(byKilling: false)
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

/// A worker that is started again whenever it ends because of damage, as a supervisor does it.
private final class Life {
  private let load: Load
  private var current: WorkerProcess?
  /// How many workers there were.
  private(set) var count = 0
  /// How often damage was met.
  private(set) var metCount = 0

  init(_ load: Load) { self.load = load }

  /// The worker that runs; another one where the last has ended with 75.
  func worker() throws -> WorkerProcess {
    if let current, current.program.isRunning { return current }
    if let current {
      let outcome = try current.program.end()
      guard outcome.code == 75, outcome.errorText.contains("it rebuilds the store") else {
        throw Missing("An end because of damage instead of \(outcome.code): \(outcome.errorText.suffix(2000))")
      }
      note(current)
    }
    guard count < 30 else { throw Missing("A worker that stays, after \(count) of them") }
    count += 1
    let next = try load.startWorker()
    current = next
    return next
  }

  /// Waits for so many outcomes, and where it is asked for until every request is settled.
  func await(_ outcomes: Int, isSettled: Bool = false) throws {
    try awaiting("\(outcomes) outcomes", within: 300, state: { self.current?.program.tail ?? "" }) {
      _ = try worker()
      guard try load.outcomeCount() >= outcomes else { return false }
      return try !isSettled || load.deployment.offsets().allSatisfy { $0.committed == $0.end }
    }
  }

  /// Ends the worker, unless damage was quicker.
  func end(byKilling: Bool) throws {
    let last = try worker()
    if byKilling { last.kill() } else { last.program.signal(SIGTERM) }
    let code = try last.program.end().code
    #expect(byKilling || [0, 75].contains(code), "\(last.program.tail)")
    note(last)
    current = nil
  }

  private func note(_ worker: WorkerProcess) {
    metCount += worker.log("store.event").count { $0.message.contains("begun anew") }
    metCount += worker.log("store.set_aside").count
  }
}
