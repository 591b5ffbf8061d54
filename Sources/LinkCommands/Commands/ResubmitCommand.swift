import LinkCore

/// `linkworker dead-letters resubmit`: sends dead letters to the requests topic once more.
enum ResubmitCommand {
  static let definition = CommandDefinition(
    name: "dead-letters resubmit",
    summary: "Send dead letters to the requests topic again, after a fix.",
    about: """
      Sends value, key and headers as they were to the user's home partition: the dead letters that are named, or all of this group and \
      requests topic that fit the options, up to \(ResubmissionPlan.limit) at a time; others that fit are counted and passed \
      over. The __connect.errors headers stay behind; linkworker.resubmitted-from (the dead letter) and linkworker.dead-lettered-from (the record before) say where it comes from. The dead letter itself stays where it is. Each is read first as the worker will read it: what \
      would be put aside again, event.max.bytes of these settings included, is named and not sent, and then the exit code is 1. So it is with a value that was cut, unless \
      --value-file has it whole, and with a request that was too old when it was put aside, for its link may be forgotten by now.
      For more than one it asks first; where there is no terminal, --yes has to say so. Ctrl-C (or SIGTERM) stops the reading or \
      the sending, waits up to 10 s for what is on its way, and says what was sent. The same command again, on any machine, goes on: the requests topic is read for the \
      repetitions that it has already, and none is sent twice. Should two people send the same at the same time, the second is a duplicate \
      and does no harm.
      """,
    settings: .kafka,
    options: DeadLetterFilter.options + [
      .value(
        "--value-file", "FILE", "Send this file's bytes as the value instead; for a single dead letter that is named."),
      .flag("--force", "Send also what would be put aside again, and what was too old."),
      .value("--rate", "N", "Dead letters a second at most. Default: as fast as Kafka takes them."),
      .flag("--yes", "Do not ask."),
      .flag("--dry-run", "Tell what would be done, and send nothing."),
      .json,
    ],
    operands: [.any("PARTITION/OFFSET")],
    examples: [
      "linkworker dead-letters resubmit --config worker.properties --since 1d --dry-run",
      "linkworker dead-letters resubmit --config worker.properties --reason unknown_type --rate 50 --yes",
      "linkworker dead-letters resubmit --config worker.properties 0/0",
    ],
    exitCodes: [.found, .noInput, .unavailable, .noPermission, .config, .interrupted],
    body: run)

  @Sendable private static func run(_ invocation: Invocation) throws(CommandFailure) -> ExitCode {
    let value = try value(invocation)
    // From here on a signal ends in good order.
    let interrupts = InterruptCount()
    let signals = StopSignals { _, _ in interrupts.note() }
    let hangUp = HangUpSignal { interrupts.note() }
    defer { withExtendedLifetime((signals, hangUp)) {} }
    return try Resubmission(invocation, interrupts: interrupts).run(value: value)
  }

  /// Bytes of a mended value at most: more than a requests topic takes.
  private static let valueByteLimit = 16 << 20

  private static func value(_ invocation: Invocation) throws(CommandFailure) -> [UInt8]? {
    guard let path = invocation.value("--value-file") else { return nil }
    guard invocation.operands.count == 1 else {
      throw .usage(
        "--value-file", "is the value of one dead letter, and \(invocation.operands.count) are named",
        hint: "--value-file \(quotedForShell(path)) PARTITION/OFFSET")
    }
    do {
      return try InputFile.read(path, limit: valueByteLimit)
    } catch {
      throw CommandFailure(error.exitCode, .init("read", quoted(path), error.reason, hint: error.hint))
    }
  }
}
