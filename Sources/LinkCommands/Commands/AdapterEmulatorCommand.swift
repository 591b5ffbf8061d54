import Glibc
import LinkCore
import LinkSandbox

/// `linkworker adapter-emulator`: a TradingView adapter to develop and test against.
enum AdapterEmulatorCommand {
  static let definition = CommandDefinition(
    name: "adapter-emulator",
    group: .tryOut,
    summary: "Run a TradingView adapter that behaves as it is told, to test against.",
    about: """
      Answers POST /generate/token and POST /logout as the adapter does, fails as it is told, and counts its calls. What goes wrong is said \
      for single users (--fail-first, --reject), by rates for all others (--error-rate), or for everybody (--outage); the same seed and the \
      same order of each user's calls give the same answers. Its control API lets tests change and read all of that while it runs: GET \
      /_emulator/ lists it. It ends on SIGINT or SIGTERM with a summary of what was asked of it.
      """,
    options: [
      .value("--port", "PORT", "Default \(defaultPort); 0 for any free one."),
      .value(
        "--listen", "ADDRESS", "Default 127.0.0.1. Beyond loopback everybody who reaches it can read what it received."),
    ] + EmulatorCredential.options + EmulatorTLS.options + EmulatorBehaviour.options + EmulatorTrouble.options + [
      .flag("--verbose", "A line for each call: time, status, class, user, and how long its answer took."),
      .json,
    ],
    examples: [
      "linkworker adapter-emulator",
      "linkworker adapter-emulator --credential-file credential --latency-ms p50=20,p99=400 --verbose",
      "linkworker adapter-emulator --fail-first 4711=2:503 --reject 4712",
      "linkworker adapter-emulator --error-rate 5xx=10%,lost=2%,403=1% --seed 7",
      "linkworker adapter-emulator --tls-self-signed tls --outage-after 30 --outage-for 60",
    ],
    readyText: "adapter emulator listens",
    exitCodes: [.dataError, .noInput, .cantCreate, .noPermission, .config],
    body: run)

  private static let defaultPort = 18_080

  @Sendable private static func run(_ invocation: Invocation) throws(CommandFailure) -> ExitCode {
    let credential = try EmulatorCredential(invocation)
    let trouble = try EmulatorTrouble(invocation)
    var configuration = AdapterEmulatorConfiguration(credential: credential.secret)
    configuration.port = UInt16(try invocation.integer("--port", in: 0...65_535) ?? defaultPort)
    configuration.listenAddress = try listenAddress(invocation) ?? configuration.listenAddress
    try EmulatorBehaviour(invocation).apply(to: &configuration)
    trouble.apply(to: &configuration)
    let tls = try EmulatorTLS(invocation)
    configuration.tls = tls.files

    let signals = StopSignals()
    let report = EmulatorReport(invocation, onLoss: signals.ending)
    let emulator: AdapterEmulator
    do {
      emulator = try AdapterEmulator(configuration: configuration, onCall: report.onCall)
    } catch {
      throw CommandFailure(error)
    }
    report.greet(emulator, credential: credential, authorityPath: tls.authorityPath)
    trouble.keepTime(emulator, onChange: report.tell)
    let follower = credential.follow(emulator, invocation.console)
    withExtendedLifetime(follower) { signals.wait() }
    emulator.stop()
    report.sum(up: emulator.stats)
    return .ok
  }

  private static func listenAddress(_ invocation: Invocation) throws(CommandFailure) -> String? {
    guard let address = invocation.value("--listen") else { return nil }
    var ipv4 = in_addr()
    var ipv6 = in6_addr()
    guard inet_pton(AF_INET, address, &ipv4) == 1 || inet_pton(AF_INET6, address, &ipv6) == 1 else {
      throw .usage("--listen", "\(quoted(address)) is not a numeric IP address", hint: "--listen 127.0.0.1")
    }
    return address
  }
}
