import Dispatch
import Glibc
public import LinkCore
import Synchronization

/// Many histories, one for each seed of a range, on all processors.
public struct Campaign: Sendable {
  /// Which seeds.
  public var seeds: ClosedRange<UInt64>
  /// Which faults may happen.
  public var faults: Set<FaultKind>
  /// The deliberate error that is to be found, or nil for the protocol as it is.
  public var mutant: Mutant?
  private let sha256: SHA256Function

  /// A campaign over `seeds`; all faults unless given.
  public init(
    seeds: ClosedRange<UInt64>, faults: Set<FaultKind> = Set(FaultKind.allCases), mutant: Mutant? = nil,
    sha256: @escaping SHA256Function
  ) {
    self.seeds = seeds
    self.faults = faults
    self.mutant = mutant
    self.sha256 = sha256
  }

  /// Seeds that a thread takes at a time.
  private static let slice: UInt64 = 32

  /// Plays the histories until all are played or one has a violation. The seeds are taken in order, and of several that fail at once the lowest
  /// is told. `onProgress` is called from several threads, after each few seeds.
  public func run(onProgress: @escaping @Sendable (CampaignTally) -> Void = { _ in }) -> CampaignTally {
    let next = Mutex<UInt64?>(seeds.lowerBound)
    let total = Mutex(CampaignTally())
    let threads = max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
    DispatchQueue.concurrentPerform(iterations: threads) { _ in
      while let slice = take(next) {
        let tally = play(slice)
        // What fails may still be preceded by a slice under way; nothing behind it is begun.
        if tally.failure != nil { next.withLock { $0 = nil } }
        let sum = total.withLock { sum in
          sum.add(tally)
          return sum
        }
        onProgress(sum)
      }
    }
    return total.withLock { $0 }
  }

  private func take(_ next: borrowing Mutex<UInt64?>) -> ClosedRange<UInt64>? {
    next.withLock { next in
      guard let first = next else { return nil }
      let last = min(first.addingReportingOverflow(Self.slice - 1).partialValue, seeds.upperBound)
      next = last < seeds.upperBound ? last + 1 : nil
      return first...max(first, last)
    }
  }

  private func play(_ slice: ClosedRange<UInt64>) -> CampaignTally {
    var tally = CampaignTally()
    for seed in slice {
      tally.add(History(seed: seed, faults: faults, mutant: mutant, sha256: sha256), seed)
      if tally.failure != nil { break }
    }
    return tally
  }
}

/// What histories came to, taken together.
public struct CampaignTally: Sendable {
  /// Histories played.
  public private(set) var seeds: UInt64 = 0
  /// Faults that happened, by kind.
  public private(set) var faults: [FaultKind: Int] = [:]
  /// Calls of the adapter.
  public private(set) var calls = 0
  /// Links that had an outcome.
  public private(set) var links = 0
  /// How often each passage of the protocol was reached.
  public private(set) var coverage = Coverage()
  /// The lowest seed that has a violation, and what was violated.
  public private(set) var failure: Failure?

  /// A seed whose history broke a promise.
  public struct Failure: Sendable {
    /// The seed.
    public var seed: UInt64
    /// What was violated, in the order of its being noticed.
    public var violations: [String]
  }

  mutating func add(_ history: History, _ seed: UInt64) {
    seeds += 1
    faults.merge(history.faults, uniquingKeysWith: +)
    calls += history.calls
    links += history.links
    coverage.add(history.coverage)
    if !history.violations.isEmpty, seed < failure?.seed ?? .max {
      failure = Failure(seed: seed, violations: history.violations)
    }
  }

  mutating func add(_ other: CampaignTally) {
    seeds += other.seeds
    faults.merge(other.faults, uniquingKeysWith: +)
    calls += other.calls
    links += other.links
    coverage.add(other.coverage)
    if let found = other.failure, found.seed < failure?.seed ?? .max { failure = found }
  }
}
