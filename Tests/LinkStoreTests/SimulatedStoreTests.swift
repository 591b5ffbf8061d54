import Testing

@testable import LinkSimulation

@Suite struct SimulatedStoreTests {
  @Test("The simulation's store does what every store must do", arguments: LinkStorageRule.allCases)
  func rules(_ rule: LinkStorageRule) throws {
    var store = StoreView()
    try rule.check(&store)
  }
}
