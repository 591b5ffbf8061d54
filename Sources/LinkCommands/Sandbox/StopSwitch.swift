import Synchronization

/// Remembers that a stop was asked for until there is something to stop.
final class StopSwitch: Sendable {
  private struct State {
    var isOn = false
    var action: (@Sendable () -> Void)?
  }

  private let state = Mutex(State())

  /// Asks for the stop, from any thread; what it does is done once.
  func turnOn() {
    let action = state.withLock { state in
      defer { state.isOn = true }
      return state.isOn ? nil : state.action
    }
    action?()
  }

  /// Says what a stop does; it is done at once where one was asked for.
  func does(_ action: @escaping @Sendable () -> Void) {
    let isOn = state.withLock { state in
      state.action = action
      return state.isOn
    }
    if isOn { action() }
  }

  /// Whether a stop was asked for.
  var isOn: Bool { state.withLock(\.isOn) }
}
