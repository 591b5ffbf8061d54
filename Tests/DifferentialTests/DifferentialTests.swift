import Glibc
import LinkSandbox
import LinkTestSupport
import Testing

@Suite("The simulated broker and a real Kafka", .enabled(if: TestKafka.isAvailable, "KAFKA_HOME is not set"))
struct DifferentialTests {
  @Test("Show the same in every scenario", arguments: Scenario.scripts)
  func scripts(_ scenario: Scenario) throws {
    try expectSame(scenario, on: TestKafka.shared)
  }

  @Test(
    "Show the same in every scenario also where Kafka is of the 3.9 line",
    .enabled(if: TestKafka.is39Available, "KAFKA_HOME has no Kafka 3.9"), arguments: Scenario.scripts)
  func olderLine(_ scenario: Scenario) throws {
    try expectSame(scenario, on: Self.older.get())
  }

  @Test("Show the same in generated scenarios")
  func generated() throws {
    for seed in Self.seeds {
      guard let mismatch = try compare(Scenario(seed: seed), on: TestKafka.shared) else { continue }
      let smallest = try Shrinking { try compare($0, on: TestKafka.shared) }.shrink(mismatch)
      Issue.record("\(smallest)")
      return
    }
  }

  @Test("Differ as it is known, and no more nor less", arguments: KnownDifference.allCases)
  func known(_ difference: KnownDifference) throws {
    let mismatch = try #require(
      try compare(difference.scenario, on: TestKafka.shared), "The two are the same now: take it off the list.")
    #expect(mismatch.step == difference.scenario.steps.count - 1)
    #expect(mismatch.difference == difference.difference, "\(mismatch)")
  }

  private static let older: Result<RealKafka, any Error> = Result { try TestKafka.start(version: "3.9") }

  /// `DIFFERENTIAL_SEEDS=A..B` plays others than these.
  private static let seeds: ClosedRange<UInt64> = {
    let text = getenv("DIFFERENTIAL_SEEDS").map { String(cString: $0) } ?? ""
    let bounds = text.split(separator: ".").compactMap { UInt64($0) }
    return bounds.count == 2 && bounds[0] <= bounds[1] ? bounds[0]...bounds[1] : 1...24
  }()

  private func expectSame(_ scenario: Scenario, on kafka: RealKafka) throws {
    if let mismatch = try compare(scenario, on: kafka) { Issue.record("\(mismatch)") }
  }

  private func compare(_ scenario: Scenario, on kafka: RealKafka) throws -> Comparison.Mismatch? {
    try Comparison(
      scenario: scenario, simulated: SimulatedCluster(scenario.settings),
      real: RealCluster(scenario.settings, on: kafka)
    ).run()
  }
}

extension Scenario {
  /// Written by hand: what the worker's protocol relies on, one by one.
  static let scripts = transactions + groups + compactions
}
