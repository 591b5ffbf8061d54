import LinkCore

/// A worker's store.directory: what it holds, what of that survives a power cut, and an earlier copy.
final class Disk {
  var view = StoreView()
  private var durable = StoreView()
  private var copy: StoreView?
  /// Of the worker whose store it is: without a configured name, a lost disk takes the name along.
  var name: Int

  init(name: Int) { self.name = name }

  /// Everything done so far is forced to the disk.
  func sync() { durable = view }

  func makeCopy() { copy = view }

  /// What a new process finds.
  func suffer(_ fate: Incident.Fate) {
    switch fate {
    case .kept: break
    case .powerless: view = durable
    case .old: view = copy ?? view
    case .lost: view = StoreView()
    }
    durable = view
  }
}
