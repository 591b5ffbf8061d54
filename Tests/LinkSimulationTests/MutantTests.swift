import LinkCrypto
import LinkSimulation
import Testing

@Suite("The deliberate errors")
struct MutantTests {
  @Test("Each is found, by a seed under which the protocol itself holds", arguments: Mutant.allCases)
  func found(_ mutant: Mutant) {
    let seed = Self.seed(of: mutant)
    let history = History(seed: seed, mutant: mutant, sha256: sha256)
    #expect(!history.violations.isEmpty, "linkworker simulate --mutant \(mutant.rawValue) names another seed.")
    #expect(History(seed: seed, sha256: sha256).violations.isEmpty)
  }
}
