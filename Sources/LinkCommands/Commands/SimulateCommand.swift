import LinkCore
import LinkCrypto
import LinkSimulation

/// `linkworker simulate`: the worker's own engine through thousands of histories full of faults.
enum SimulateCommand {
  static let definition = CommandDefinition(
    name: "simulate",
    summary: "Play the worker through simulated faults, and check what it promises.",
    about: """
      Each seed makes one history: workers with the engine of this very binary, a simulated Kafka, adapter, store and clock, and faults in \
      a random mix. Every history is checked: no request lost, no second outcome, no needless call, nobody kept waiting by others' calls that hang or fail, bounded memory, and all at rest once \
      the faults have stopped. It touches no network and no disk. With all faults and 10 000 seeds or more, a part of the protocol that was never reached is a finding as well. A seed that fails is told, made small and printed; the same seed gives \
      the same history on every machine. Faults: \(FaultKind.allCases.map(\.rawValue).joined(separator: ", ")). Mutants, deliberate \
      errors that have to be found: \(Mutant.allCases.map(\.rawValue).joined(separator: ", ")).
      """,
    options: [
      .value(
        "--seeds", "A..B", "The seeds, both included; default \(defaultSeeds.lowerBound)..\(defaultSeeds.upperBound)."),
      .value(
        "--faults", "LIST", "Only these kinds of faults, with commas between them; none for no faults. Default all."),
      .value("--replay", "SEED", "Print the history of one seed instead, and where it fails, made small."),
      .value(
        "--mutant", "NAME",
        "Make this deliberate error in the protocol: that it is found ends with 1. With all, each is made in turn, and ends with 1 if one is not found."
      ),
      .json,
    ],
    examples: [
      "linkworker simulate --seeds 1..200",
      "linkworker simulate --seeds 1..100 --faults crash,pause,late-end --json",
      "linkworker simulate --replay 7",
    ],
    exitCodes: [.found],
    body: run)

  private static let defaultSeeds: ClosedRange<UInt64> = 1...10_000

  @Sendable private static func run(_ invocation: Invocation) throws(CommandFailure) -> ExitCode {
    let faults = try faults(invocation)
    if invocation.value("--mutant") == "all" { return try findAll(faults, invocation) }
    let mutant = try mutant(invocation)
    if let text = invocation.value("--replay") {
      guard let seed = UInt64(text) else {
        throw .usage("--replay", "\(quoted(text)) is not a seed", hint: "a whole number from 0 on")
      }
      return replay(seed, faults, mutant, invocation)
    }
    let campaign = Campaign(seeds: try seeds(invocation), faults: faults, mutant: mutant, sha256: sha256)
    let progress = SimulationProgress(total: campaign.seeds, descriptor: invocation.console.errors)
    let tally = campaign.run { progress.show($0) }
    progress.end()
    let report = SimulationReport(tally: tally, seconds: progress.seconds)
    for line in invocation.isSet("--json") ? report.json : report.text { invocation.console.print(line) }
    guard let failure = tally.failure else { return isWeak(tally, campaign) ? .found : .ok }
    if !invocation.isSet("--json") { tell(failure.seed, faults, mutant, invocation.console) }
    return .found
  }

  /// With all faults and many seeds every passage of the protocol is reached: where one is not, the simulation has become blind to it.
  private static func isWeak(_ tally: CampaignTally, _ campaign: Campaign) -> Bool {
    campaign.mutant == nil && campaign.faults.count == FaultKind.allCases.count && tally.seeds >= 10_000
      && !tally.coverage.missing.isEmpty
  }

  /// Each mutant in turn: a line for each, with the seeds that it took.
  private static func findAll(_ faults: Set<FaultKind>, _ invocation: Invocation) throws(CommandFailure) -> ExitCode {
    guard !invocation.isSet("--replay") else {
      throw .usage("--replay", "shows one history, and --mutant all are many", hint: "--mutant NAME")
    }
    let seeds = try seeds(invocation)
    var survivors = 0
    for mutant in Mutant.allCases {
      let tally = Campaign(seeds: seeds, faults: faults, mutant: mutant, sha256: sha256).run()
      if tally.failure == nil { survivors += 1 }
      let line = SimulationReport.line(of: mutant, tally, from: seeds.lowerBound, isJSON: invocation.isSet("--json"))
      invocation.console.print(line)
    }
    return survivors == 0 ? .ok : .found
  }

  /// One history in full.
  private static func replay(
    _ seed: UInt64, _ faults: Set<FaultKind>, _ mutant: Mutant?, _ invocation: Invocation
  ) -> ExitCode {
    let history = History(seed: seed, faults: faults, mutant: mutant, sha256: sha256, isTold: true)
    if invocation.isSet("--json") {
      for line in SimulationReport.json(seed, history) { invocation.console.print(line) }
    } else {
      for line in history.story { invocation.console.print(line) }
      invocation.console.print(
        history.violations.isEmpty
          ? "seed \(seed): every promise held" : "seed \(seed): \(history.violations.joined(separator: "; "))")
      if !history.violations.isEmpty { tell(seed, faults, mutant, invocation.console) }
    }
    return history.violations.isEmpty ? .ok : .found
  }

  /// The failing history, made small.
  private static func tell(_ seed: UInt64, _ faults: Set<FaultKind>, _ mutant: Mutant?, _ console: Console) {
    guard let small = Shrinker.shrink(seed: seed, faults: faults, mutant: mutant, sha256: sha256) else { return }
    console.print("")
    console.print("seed \(seed), made small:")
    for line in small.plan { console.print("  " + line) }
    console.print("what happens then, with milliseconds:")
    for line in small.story { console.print(line) }
  }

  // MARK: - Options

  private static func seeds(_ invocation: Invocation) throws(CommandFailure) -> ClosedRange<UInt64> {
    guard let text = invocation.value("--seeds") else { return defaultSeeds }
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 3, parts[1].isEmpty, let first = UInt64(parts[0]), let last = UInt64(parts[2]), first <= last
    else {
      throw .usage("--seeds", "\(quoted(text)) is not a range of seeds", hint: "--seeds 1..10000")
    }
    return first...last
  }

  private static func faults(_ invocation: Invocation) throws(CommandFailure) -> Set<FaultKind> {
    guard let text = invocation.value("--faults") else { return Set(FaultKind.allCases) }
    if text == "none" { return [] }
    var faults: Set<FaultKind> = []
    for name in text.split(separator: ",", omittingEmptySubsequences: false) {
      guard let fault = FaultKind(rawValue: String(name)) else {
        throw .unknown("--faults", "no such fault", String(name), among: FaultKind.allCases.map(\.rawValue))
      }
      faults.insert(fault)
    }
    return faults
  }

  private static func mutant(_ invocation: Invocation) throws(CommandFailure) -> Mutant? {
    guard let text = invocation.value("--mutant") else { return nil }
    guard let mutant = Mutant(rawValue: text) else {
      throw .unknown("--mutant", "no such mutant", text, among: Mutant.allCases.map(\.rawValue))
    }
    return mutant
  }
}

extension CommandFailure {
  fileprivate static func unknown(
    _ option: String, _ reason: String, _ name: String, among names: [String]
  ) -> CommandFailure {
    let (reason, hint) = Suggestion.unknown(reason, name, among: names, otherwise: "linkworker help simulate")
    return .usage("\(option) \(quoted(name))", reason, hint: hint)
  }
}
