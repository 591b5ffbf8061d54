import Glibc

extension LineReader {
  /// What a command's operand `FILE|-` names; without it standard input, unless that is a terminal at which somebody may not know that
  /// lines are waited for.
  static func path(of invocation: Invocation) throws(CommandFailure) -> String {
    if let path = invocation.operands.first { return path }
    guard isatty(STDIN_FILENO) == 0 else {
      throw .usage(
        invocation.command.name, "needs a FILE, or - for standard input",
        hint: "linkworker help \(invocation.command.name)")
    }
    return "-"
  }
}
