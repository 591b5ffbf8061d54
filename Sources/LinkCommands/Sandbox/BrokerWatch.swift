import Dispatch

/// Looks, while it lives, whether the Kafka that a sandbox has started has ended by itself.
final class BrokerWatch {
  private let timer: any DispatchSourceTimer

  /// Milliseconds between two looks.
  private static let interval = 250

  /// Calls `onEnd` once, on another thread.
  init(_ broker: SandboxBroker, onEnd: @escaping @Sendable () -> Void) {
    let timer = DispatchSource.makeTimerSource(queue: DispatchQueue(label: "linkworker.sandbox.broker"))
    timer.schedule(deadline: .now(), repeating: .milliseconds(Self.interval))
    timer.setEventHandler {
      guard broker.lastWords != nil else { return }
      timer.cancel()
      onEnd()
    }
    timer.resume()
    self.timer = timer
  }

  deinit { timer.cancel() }
}
