import LinkCore
import LinkCrypto
import LinkSimulation
import Testing

@Suite("The simulation")
struct SimulationTests {
  @Test("One seed makes one history, whatever else runs")
  func reproducible() {
    for seed in 1...8 as ClosedRange<UInt64> {
      let first = History(seed: seed, sha256: sha256, isTold: true)
      let second = History(seed: seed, sha256: sha256, isTold: true)
      #expect(first.story == second.story)
      #expect(first.story.count > 20)
    }
  }
}
