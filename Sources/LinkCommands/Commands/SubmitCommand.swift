import Glibc
import LinkCore
import LinkKafka

/// `linkworker submit`: writes requests to their topic as a client area should.
enum SubmitCommand {
  static let definition = CommandDefinition(
    name: "submit",
    group: .requests,
    summary: "Send requests to Kafka: one from options, or one event a line from a file.",
    about: """
      Sends one link request that the options describe, or the structured events of a file or of standard input, one JSON object a line \
      (NDJSON): link requests and replay requests. Each line is checked as the worker will read it (event.max.bytes of the settings \
      counts as well) and then sent byte for byte, to its \
      user's home partition, with the user as its key, by an idempotent producer. A line that the worker would refuse is named and not \
      sent; the others are (with --all-or-nothing none is), and the exit code is 65. So it is with a line that Kafka itself refuses, for \
      the topic's max.message.bytes. Blank lines are passed over.
      Where Kafka is away, requests are tried again until kafka.delivery.timeout.ms (5 minutes) is over; then nothing more is read, \
      and every line without acknowledgement is named. Ctrl-C stops the reading, waits up to 10 s for what is on its way, and says up to \
      which line everything is acknowledged, so that one can go on from there; a second Ctrl-C does not wait. SIGTERM and a closed terminal \
      do the same. To send a line \
      twice does no harm: the same event asks for the same link.
      With --wait the outcomes are told as they come, and the exit code is 0 only where every request ended with a token; the token \
      itself is never shown. For a duplicate no event comes: after 2 s of silence, and once before a request is \
      given up, the state topic is asked what became of its link.
      """,
    settings: .kafka,
    options: RequestFlags.options + [
      .flag("--all-or-nothing", "Check the whole file first, and send nothing where a line is bad."),
      .value("--rate", "N", "Requests a second at most. Default: as fast as Kafka takes them."),
      .flag("--wait", "Wait for the outcomes and tell them as they come."),
      .value(
        "--timeout", "TIME",
        "How long --wait waits for each request once Kafka has it: seconds, or 90s, 5m. Default: to its deadline, or 2 "
          + "minutes."),
      .json,
    ],
    operands: [.optional("FILE|-")],
    examples: [
      "linkworker submit --config worker.properties --user 14601 --broker northwind --all-accounts",
      "linkworker submit --config worker.properties --user 14601 --broker northwind --account 6230011 --deadline 2m",
      "linkworker submit --config worker.properties --user 8 --broker b --account 1 --context '{\"state\": \"xyz\"}' --json",
      "linkworker submit --config worker.properties requests.ndjson",
      "linkworker submit --config worker.properties --all-or-nothing --rate 500 requests.ndjson",
      "linkworker submit --config worker.properties --json - < requests.ndjson",
    ],
    exitCodes: [.found, .dataError, .noInput, .unavailable, .noPermission, .config, .interrupted],
    body: run)

  @Sendable private static func run(_ invocation: Invocation) throws(CommandFailure) -> ExitCode {
    let rate = try invocation.integer("--rate", in: 1...1_000_000)
    let timeout = try invocation.timeout(of: "--wait")
    let settings = try invocation.settings()
    let check = RequestCheck(eventByteLimit: settings.eventByteLimit)
    let flags = try RequestFlags(invocation, check: check, now: SystemClock.wall(), randomID: randomID)
    let input =
      if let flags {
        SubmitInput(single: flags.event)
      } else {
        try SubmitInput(path: try LineReader.path(of: invocation), lineByteLimit: settings.eventByteLimit)
      }
    let voice = SubmitVoice(
      name: input.name, isJSON: invocation.isSet("--json"), input: input.kind, invocation)
    // From here on a signal ends in good order.
    let interrupts = InterruptCount()
    let signals = StopSignals { _, _ in interrupts.note() }
    let hangUp = HangUpSignal { interrupts.note() }
    defer { withExtendedLifetime((signals, hangUp)) {} }
    let kafka = try SubmitConnection(
      settings, waits: invocation.isSet("--wait"), timeout: timeout, interrupts: interrupts)
    var submission = Submission(
      input,
      options: .init(
        eventByteLimit: settings.eventByteLimit, rate: rate, isAllOrNothing: invocation.isSet("--all-or-nothing"),
        command: CommandWords(invocation, repeating: ["--rate", "--wait", "--timeout", "--json"]).text),
      kafka, voice: voice, interrupts: interrupts)
    return try submission.run()
  }

  /// 128 bits: two of them never meet.
  private static func randomID() -> String {
    var generator = SystemRandomNumberGenerator()
    return [generator.next(), generator.next()].map { (half: UInt64) in
      let digits = String(half, radix: 16)
      return String(repeating: "0", count: 16 - digits.count) + digits
    }.joined()
  }
}
