import LinkCore
import Synchronization

/// What the store's thread does: it owns the store, and takes turns out of the mailbox until it is to stop.
final class StoreKeeper: Sendable {
  /// Why nothing is done after a stop.
  static let stopped = StoreFailure(
    .closed, operation: "use the store", subject: "store thread", reason: "it has been stopped")

  /// Locked once, by the thread, for its whole life: nobody else ever asks for it.
  private let store: Mutex<LinkStore>
  private let mailbox: Mailbox
  private let retryDelay: Milliseconds
  private let tidyDelay: Milliseconds
  private let onAnswers: @Sendable ([StoreAnswer]) -> Void
  private let onFailure: @Sendable (StoreFailure) -> Void
  private let onRecovery: @Sendable () -> Void

  init(
    store: sending LinkStore, mailbox: Mailbox, retryDelay: Milliseconds, tidyDelay: Milliseconds,
    onAnswers: @escaping @Sendable ([StoreAnswer]) -> Void,
    onFailure: @escaping @Sendable (StoreFailure) -> Void, onRecovery: @escaping @Sendable () -> Void
  ) {
    self.store = Mutex(store)
    self.mailbox = mailbox
    self.retryDelay = retryDelay
    self.tidyDelay = tidyDelay
    self.onAnswers = onAnswers
    self.onFailure = onFailure
    self.onRecovery = onRecovery
  }

  /// The thread's life.
  func run() {
    store.withLock { store in
      var end: StoreFailure?
      var isFailing = false
      // When it is time to tidy up, nothing having changed meanwhile; nil where that is done.
      var tidyAt: Milliseconds? = Uptime.now + tidyDelay
      serving: while true {
        switch mailbox.next(patience: tidyAt.map { max($0 - Uptime.now, 0) }) {
        case .work(let work):
          // After the store's end, work is not answered: whoever awaits it was told of the failure.
          if end == nil { end = perform(work, store, &isFailing) }
          tidyAt = Uptime.now + tidyDelay
        case .errand(let errand):
          errand(end.map { .failure($0) } ?? .success(store))
          tidyAt = Uptime.now + tidyDelay
        case .glance(let glance): if end == nil { glance(store) }
        case .idle:
          // On a full disk there may be nothing else to find out by that it has room again.
          tidyAt = end == nil && !tidy(store, &isFailing) ? Uptime.now + max(tidyDelay, retryDelay) : nil
        case .stop: break serving
        }
      }
      do throws(StoreFailure) { try store.close() } catch { onFailure(error) }
    }
  }

  /// Does the work, again and again where it must; gives the failure after which there is no store.
  private func perform(_ work: [StoreWork], _ store: LinkStore, _ isFailing: inout Bool) -> StoreFailure? {
    while true {
      do throws(StoreFailure) {
        let answers = try store.perform(work)
        recover(&isFailing)
        if !answers.isEmpty { onAnswers(answers) }
        return nil
      } catch {
        isFailing = true
        onFailure(error)
        guard error.isPassing else { return error }
        guard !mailbox.isStopping else { return Self.stopped }
        mailbox.rest(retryDelay)
      }
    }
  }

  /// Tidies up, and says whether that is done: what can pass is tried again, what cannot meets the next work.
  private func tidy(_ store: LinkStore, _ isFailing: inout Bool) -> Bool {
    do throws(StoreFailure) {
      if store.needsScrub { try store.scrub() }
      try store.shrink()
      recover(&isFailing)
      return true
    } catch {
      isFailing = true
      onFailure(error)
      return !error.isPassing
    }
  }

  private func recover(_ isFailing: inout Bool) {
    guard isFailing else { return }
    isFailing = false
    onRecovery()
  }
}
