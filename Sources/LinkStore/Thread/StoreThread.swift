import Glibc
public import LinkCore
import Synchronization

/// The one thread that works with the store of a worker.
///
/// What is submitted while a transaction runs goes into the next one together (group commit). When the disk is full, or fails for
/// now, nothing of the transaction is answered; it is tried again after `retryDelay` until it succeeds or the thread is stopped.
public final class StoreThread: Sendable {
  private let mailbox: Mailbox
  private let thread: Mutex<pthread_t?>
  private let onFailure: @Sendable (StoreFailure) -> Void

  /// Starts the thread.
  ///
  /// - Parameters:
  ///   - store: The open store; nobody else uses it from now on.
  ///   - onAnswers: Is given the answers of each transaction, on the store's thread: it must not block.
  ///   - onFailure: Is told of each failure, on the store's thread. After one whose `isPassing` is false the store is gone: nothing
  ///     is answered any more, and the process should end with the failure's exit code.
  ///   - onRecovery: Is told, on the store's thread, when the store does its work again after a failure that has passed.
  ///   - retryDelay: So many milliseconds after a passing failure the work is tried again.
  ///   - tidyDelay: After so many idle milliseconds dropped answers are cleared out of the log.
  public init(
    store: sending LinkStore, retryDelay: Milliseconds = 1000, tidyDelay: Milliseconds = 1000,
    onAnswers: @escaping @Sendable ([StoreAnswer]) -> Void,
    onFailure: @escaping @Sendable (StoreFailure) -> Void, onRecovery: @escaping @Sendable () -> Void = {}
  ) throws(StoreFailure) {
    self.onFailure = onFailure
    mailbox = try Mailbox()
    let keeper = StoreKeeper(
      store: store, mailbox: mailbox, retryDelay: retryDelay, tidyDelay: tidyDelay, onAnswers: onAnswers,
      onFailure: onFailure, onRecovery: onRecovery)
    thread = Mutex(try Self.start(keeper))
  }

  deinit { stop() }

  /// How many pieces of work wait for the next transaction.
  public var waitingCount: Int { mailbox.workCount }

  /// Hands work over and returns at once; the answers come to `onAnswers` in the order of the work. After `stop` it is ignored.
  public func submit(_ work: [StoreWork]) {
    guard !work.isEmpty else { return }
    // After a stop nobody awaits an answer: what was not done is as after a crash.
    _ = mailbox.put(.work(work))
  }

  /// Does `body` with the store, after all that was submitted before, and waits for its result. Throws what `body` throws, and a failure
  /// of kind `closed` after `stop`. Not to be called on the store's own thread, in a callback.
  public func withStore<Value: Sendable>(
    _ body: @escaping @Sendable (LinkStore) throws(StoreFailure) -> Value
  ) throws(StoreFailure) -> Value {
    try errand(body).value()
  }

  /// Has `body` done with the store, after all that was submitted before, and does not wait for it. Throws a failure of kind `closed` after `stop`.
  public func errand<Value: Sendable>(
    _ body: @escaping @Sendable (LinkStore) throws(StoreFailure) -> Value
  ) throws(StoreFailure) -> StoreErrand<Value> {
    let errand = try StoreErrand<Value>()
    let isTaken = mailbox.put(
      .errand { store in
        errand.fill(store.flatMap { store in Result { () throws(StoreFailure) in try body(store) } })
      })
    guard isTaken else { throw StoreKeeper.stopped }
    return errand
  }

  /// Has the store's figures of these partitions read, after all that was submitted before, and given to `take` on the store's own thread.
  /// A failure is told to `onFailure`; a store that is gone says nothing.
  public func readFigures(
    of partitions: [Int32], _ take: @escaping @Sendable (StoreFigures) -> Void
  ) {
    // After a stop nobody wants to know.
    _ = mailbox.put(
      .glance { [onFailure] store in
        do throws(StoreFailure) { take(try store.figures(of: partitions)) } catch { onFailure(error) }
      })
  }

  /// Begins the view of a partition anew, as `LinkStore.begin` does, in slices that let other work in between.
  public func begin(_ partition: Int32) throws(StoreFailure) {
    while try !withStore({ store throws(StoreFailure) in
      try store.purge(partition, limit: LinkStore.purgeSlice)
    }) {}
  }

  /// Does what was submitted so far, closes the store and ends the thread. Work that fails now is given up: it is as after a crash.
  public func stop() {
    mailbox.stop()
    guard let handle = thread.withLock({ $0.take() }) else { return }
    // The last reference may go on the store's own thread, in a callback: it cannot await itself.
    if pthread_equal(handle, pthread_self()) != 0 { pthread_detach(handle) } else { pthread_join(handle, nil) }
  }

  private static func start(_ keeper: StoreKeeper) throws(StoreFailure) -> pthread_t {
    let box = Unmanaged.passRetained(keeper)
    var handle = pthread_t()
    let code = pthread_create(
      &handle, nil,
      { context in
        guard let context else { return nil }
        Unmanaged<StoreKeeper>.fromOpaque(context).takeRetainedValue().run()
        return nil
      }, box.toOpaque())
    guard code == 0 else {
      box.release()
      throw StoreFailure(
        .io, operation: "start the store's thread", subject: "process", reason: String(cString: strerror(code)))
    }
    return handle
  }
}
