/// A named place of the protocol at which a worker of a test build can be made to die, stand still or wait.
///
/// Failpoints exist where `FAILPOINTS` is defined, which the package does for debug builds alone; in a release build `reach()` is empty. The
/// environment variable `LINK_FAILPOINTS` says what is to happen: rules of the form `NAME:ACTION[@N]`, separated by commas, of which each
/// applies once, when its place is reached for the N-th time (1 unless given). `kill` ends the process as a power cut would
/// (SIGKILL), `stop` freezes it until somebody sends SIGCONT, `wait=MS` lets the thread that is there wait for so many milliseconds.
public enum Failpoint: String, CaseIterable, Sendable {
  /// A batch of a restore is in the view; the restore goes on.
  case absorbed
  /// A partition's state is restored, and the engine has not heard of it.
  case restored
  /// A request has come from Kafka, and the engine has not seen it.
  case received
  /// A call is with the thread that makes it.
  case called
  /// The adapter's answer is in the inbox, and the engine has not seen it.
  case answered
  /// The outcome is in the journal, and the engine has not heard of it.
  case journaled
  /// A batch is with the transaction thread; no transaction is begun.
  case committing
  /// All records of the transaction are acknowledged; its offsets are not sent.
  case produced
  /// The offsets are sent; EndTxn is not.
  case prepared
  /// Kafka has said that the transaction is committed; nobody else in the worker knows.
  case committed
  /// The end of the transaction is in the inbox, and the engine has not seen it: nothing is applied.
  case ended
  /// The view has taken what was committed, and the engine has not heard of it.
  case applied
  /// A partition is about to be given up.
  case revoking
  /// No transaction is open any more, and the engine has not heard that its partitions are gone.
  case revoked

  #if FAILPOINTS
    /// Does what `LINK_FAILPOINTS` says of this place.
    public func reach() { FailpointRules.ofTheProcess.reach(self) }
  #else
    /// Nothing: this is no test build.
    @inlinable
    public func reach() {}
  #endif
}
