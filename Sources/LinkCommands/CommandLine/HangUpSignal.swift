import Dispatch
import Glibc

/// SIGHUP as an event while an instance lives: a terminal that is closed is a way to end what runs in it.
final class HangUpSignal {
  private let source: (any DispatchSourceSignal)?

  /// Calls `onHangUp` on another thread, unless the process was started so that it outlives its terminal (nohup).
  init(onHangUp: @escaping @Sendable () -> Void) {
    var before = sigaction()
    sigaction(SIGHUP, nil, &before)
    let isIgnored =
      unsafeBitCast(before.__sigaction_handler.sa_handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
    guard !isIgnored else {
      source = nil
      return
    }
    signal(SIGHUP, SIG_IGN)
    let source = DispatchSource.makeSignalSource(signal: SIGHUP, queue: DispatchQueue(label: "linkworker.hangup"))
    source.setEventHandler(handler: onHangUp)
    source.resume()
    self.source = source
  }

  deinit {
    guard let source else { return }
    source.cancel()
    signal(SIGHUP, SIG_DFL)
  }
}
