public import LinkCore
import Synchronization

/// Calls the adapter: any number of `POST /generate/token` at a time, on one thread of its own.
///
/// A call is made once. Whatever becomes of it is one answer: nothing is tried again here, no redirect is followed, no proxy of the
/// environment is used, and a certificate is always verified.
public final class AdapterClient: Sendable {
  private let mailbox: CallMailbox
  private let thread: Mutex<OwnThread?>

  /// Starts the thread, having checked the settings, the credential file and the certificate file.
  ///
  /// - Parameters:
  ///   - onFault: is told, on the client's thread, what an operator should see and no call can report: that the credential file cannot
  ///     be read any more (the last good credential stays in use).
  ///   - onCredentialChange: is told, on the client's thread, that the credential file has another credential now.
  ///   - onAnswer: is given each call's answer by its id, once, on the client's thread, which waits for it: hand the answer on.
  public init(
    settings: AdapterClientSettings,
    onFault: @escaping @Sendable (AdapterClientFailure) -> Void,
    onCredentialChange: @escaping @Sendable () -> Void = {},
    onAnswer: @escaping @Sendable (_ callID: UInt64, AdapterAnswer) -> Void
  ) throws(AdapterClientFailure) {
    try settings.check()
    let credential = try CredentialFile(path: settings.credentialPath)
    let multi = try MultiHandle(settings: settings)
    let mailbox = CallMailbox(multi: multi, onAnswer: onAnswer)
    self.mailbox = mailbox
    let started = OwnThread {
      var loop = CallLoop(
        settings: settings, credential: credential, mailbox: mailbox, onFault: onFault,
        onCredentialChange: onCredentialChange)
      loop.run()
    }
    guard let started else {
      throw AdapterClientFailure(
        operation: "start the adapter client", subject: "its thread", problem: "the system gives no thread",
        hint: "raising the limit of processes and threads")
    }
    thread = Mutex(started)
  }

  deinit { shutdown() }

  /// Makes a call; its answer comes to `onAnswer`. Never blocks, from any thread.
  ///
  /// After `shutdown` the answer is `unsent`, given on the caller's own thread.
  public func call(_ call: AdapterCall) { mailbox.post([call]) }

  /// Calls that were asked for and not yet answered.
  public var inFlight: Int { mailbox.inFlight }

  /// Has the credential file read again soon, whether it seems to have changed or not.
  public func reloadCredential() { mailbox.requestReload() }

  /// Ends the thread and waits for its end. Calls on the way are answered `lost` where the adapter may have them, `unsent` where it cannot;
  /// all of them before this returns. Called on the client's own thread (from `onAnswer`) it does not wait.
  public func shutdown() {
    mailbox.stop()
    let ending = thread.withLock { thread in
      defer { thread = nil }
      return thread
    }
    ending?.join()
  }
}
