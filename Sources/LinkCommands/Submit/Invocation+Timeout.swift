import LinkCore

extension Invocation {
  /// Milliseconds of `--timeout`, which says how long the outcomes are waited for that `option` asks for; nil where it was not given.
  func timeout(of option: String) throws(CommandFailure) -> Milliseconds? {
    guard let text = value("--timeout") else { return nil }
    guard isSet(option) else {
      throw .usage(
        "--timeout", "is how long \(option) waits, and that is missing", hint: "\(option) --timeout \(text)")
    }
    guard let time = TimeSpan.milliseconds(text) ?? TimeSpan.milliseconds(text + "s"), time > 0 else {
      throw .usage("--timeout", "\(quoted(text)) is no length of time", hint: "--timeout 30s")
    }
    return time
  }
}
