/// A cluster that scenarios are played on: four topics, a group and transactional ids of its own.
protocol ScenarioBroker: AnyObject {
  /// Does a step, and waits until what follows from it has come to rest: markers are written, who can join has joined.
  func perform(_ step: Step) throws -> Answer

  /// What there is to see now.
  func view() throws -> ClusterView
}
