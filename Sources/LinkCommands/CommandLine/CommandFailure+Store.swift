import LinkStore

extension CommandFailure {
  /// The local store cannot be used.
  init(_ failure: StoreFailure) {
    self.init(
      ExitCode(rawValue: failure.exitCode) ?? .cantCreate,
      .init(failure.operation, failure.subject, failure.reason, hint: failure.remedy))
  }
}
