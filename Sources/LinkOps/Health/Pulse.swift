package import LinkCore
import Synchronization

/// Tells whether a thread still gets on: since when it is at what it is doing.
package final class Pulse: Sendable {
  private let since = Atomic<Milliseconds>(Pulse.none)

  private static let none = Milliseconds.min

  /// Of a thread that has nothing to do yet.
  package init() {}

  /// The thread begins something, or begins anew.
  package func beat(at uptime: Milliseconds) { since.store(uptime, ordering: .relaxed) }

  /// The thread has nothing to do.
  package func rest() { since.store(Self.none, ordering: .relaxed) }

  /// When it began what it is doing; nil where it has nothing to do.
  package var began: Milliseconds? {
    let since = since.load(ordering: .relaxed)
    return since == Self.none ? nil : since
  }
}
