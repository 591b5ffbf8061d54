import LinkOps
import LinkSimulation

/// What `simulate` says at its end.
struct SimulationReport {
  var tally: CampaignTally
  var seconds: Double

  private var rate: Int { Int(Double(tally.seeds) / seconds) }

  private var callsPerLink: String { Self.hundredths(Double(tally.calls) / Double(max(tally.links, 1))) }

  /// For people.
  var text: [String] {
    let faults = tally.faults.sorted { $0.key.rawValue < $1.key.rawValue }.map { "\($0.key.rawValue) \($0.value)" }
    var lines = [
      "seeds: \(tally.seeds) in \(Self.hundredths(seconds)) s, \(rate) a second",
      "faults: \(faults.isEmpty ? "none" : faults.joined(separator: ", "))",
      "links: \(tally.links), calls: \(tally.calls), \(callsPerLink) a link",
      "passages of the protocol: "
        + Passage.allCases.map { "\($0.rawValue) \(tally.coverage[$0])" }.joined(separator: ", "),
    ]
    let missing = tally.coverage.missing.map(\.rawValue)
    if !missing.isEmpty { lines.append("never reached: \(missing.joined(separator: ", "))") }
    if let failure = tally.failure {
      lines.append("VIOLATION in seed \(failure.seed): \(failure.violations.joined(separator: "; "))")
    } else {
      lines.append("no violation")
    }
    return lines
  }

  /// For programs: one object.
  var json: [String] {
    let faults = tally.faults.sorted { $0.key.rawValue < $1.key.rawValue }.map { "\"\($0.key.rawValue)\":\($0.value)" }
    let passages = Passage.allCases.map { "\"\($0.rawValue)\":\(tally.coverage[$0])" }
    var line = "{\"seeds\":\(tally.seeds),\"seconds\":\(Self.hundredths(seconds)),\"seedsPerSecond\":\(rate)"
    line += ",\"links\":\(tally.links),\"calls\":\(tally.calls),\"callsPerLink\":\(callsPerLink)"
    line += ",\"faults\":{\(faults.joined(separator: ","))},\"passages\":{\(passages.joined(separator: ","))}"
    if let failure = tally.failure {
      line += ",\"failure\":{\"seed\":\(failure.seed),\"violations\":\(Self.list(failure.violations))}"
    }
    return [line + "}"]
  }

  /// One history for programs: one object.
  static func json(_ seed: UInt64, _ history: History) -> [String] {
    ["{\"seed\":\(seed),\"violations\":\(list(history.violations)),\"story\":\(list(history.story))}"]
  }

  /// How a mutant was found, or that it was not.
  static func line(of mutant: Mutant, _ tally: CampaignTally, from first: UInt64, isJSON: Bool) -> String {
    let found = tally.failure.map { (seeds: $0.seed - first + 1, seed: $0.seed, what: $0.violations.first ?? "") }
    guard isJSON else {
      return found.map { "\(mutant.rawValue): found by seed \($0.seed), after \($0.seeds) seeds: \($0.what)" }
        ?? "\(mutant.rawValue): NOT FOUND in \(tally.seeds) seeds"
    }
    let detail = found.map {
      ",\"seeds\":\($0.seeds),\"seed\":\($0.seed),\"violation\":\"\(LogText.escaped($0.what))\""
    }
    return "{\"mutant\":\"\(mutant.rawValue)\",\"found\":\(found != nil)\(detail ?? ",\"seeds\":\(tally.seeds)")}"
  }

  private static func list(_ texts: [String]) -> String {
    "[" + texts.map { "\"\(LogText.escaped($0))\"" }.joined(separator: ",") + "]"
  }

  private static func hundredths(_ value: Double) -> String {
    let rounded = Int((value * 100).rounded())
    let rest = rounded % 100
    return "\(rounded / 100).\(rest < 10 ? "0" : "")\(rest)"
  }
}
