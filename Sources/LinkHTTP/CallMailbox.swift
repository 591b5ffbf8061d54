import LinkCore
import Synchronization

/// What other threads leave for the client's thread, and the way of an answer back.
final class CallMailbox: Sendable {
  let multi: MultiHandle
  private let onAnswer: @Sendable (UInt64, AdapterAnswer) -> Void
  private let mail = Mutex(Mail())
  private let open = Atomic<Int>(0)

  /// All that was left since the client's thread last looked.
  struct Mail {
    var calls: [AdapterCall] = []
    var wantsReload = false
    var isStopping = false
  }

  init(multi: MultiHandle, onAnswer: @escaping @Sendable (UInt64, AdapterAnswer) -> Void) {
    self.multi = multi
    self.onAnswer = onAnswer
  }

  var inFlight: Int { open.load(ordering: .relaxed) }

  func post(_ calls: [AdapterCall]) {
    guard !calls.isEmpty else { return }
    open.add(calls.count, ordering: .relaxed)
    let (isStopping, wasEmpty) = mail.withLock { mail in
      let wasEmpty = mail.calls.isEmpty
      if !mail.isStopping { mail.calls.append(contentsOf: calls) }
      return (mail.isStopping, wasEmpty)
    }
    if isStopping {
      for call in calls { answer(call.id, .unsent(reason: "the adapter client was shut down")) }
    } else if wasEmpty {
      multi.wake()
    }
  }

  func requestReload() {
    mail.withLock { $0.wantsReload = true }
    multi.wake()
  }

  func stop() {
    mail.withLock { $0.isStopping = true }
    multi.wake()
  }

  /// Takes what is there.
  func take() -> Mail {
    mail.withLock { mail in
      let taken = mail
      mail.calls = []
      mail.wantsReload = false
      return taken
    }
  }

  /// Gives an answer to whoever asked.
  func answer(_ id: UInt64, _ answer: AdapterAnswer) {
    open.subtract(1, ordering: .relaxed)
    onAnswer(id, answer)
  }
}
