import LinkCore
import LinkHTTP
import LinkOps

/// `linkworker probe`: asks a running worker how it is. For health checks where there is no curl.
enum ProbeCommand {
  static let definition = CommandDefinition(
    name: "probe",
    summary: "Ask a running worker whether it lives, or is ready.",
    about: """
      Gets /livez or /readyz from a worker's admin address, writes what it answers, and ends with 0 where that is well and with 1 \
      where it is not. livez fails when the worker is stuck and has to be started again; readyz fails while it does not serve: before \
      it has its partitions and their state, while the adapter refuses the credential or is away. The worker is sought where \
      the settings say that it listens, or at --address.
      """,
    settings: .admin,
    options: [
      .value(
        "--address", "HOST:PORT",
        "Where the worker listens, if not where admin.listen of the settings says; then no settings are read.")
    ],
    operands: [.required("livez|readyz")],
    examples: [
      "linkworker probe readyz --config worker.properties", "linkworker probe livez --config worker.properties",
    ],
    exitCodes: [.found, .noInput, .unavailable, .noPermission, .config],
    body: run)

  private static let timeout: Milliseconds = 4_000

  @Sendable private static func run(_ invocation: Invocation) throws(CommandFailure) -> ExitCode {
    let page = invocation.operands.first ?? ""
    guard page == "livez" || page == "readyz" else {
      throw .usage("probe", "\(quoted(page)) is neither livez nor readyz", hint: "linkworker probe readyz")
    }
    let address = try address(invocation)
    let answer: HTTPProbe
    do {
      answer = try HTTPProbe(address: address, path: "/\(page)", timeout: timeout)
    } catch {
      throw CommandFailure(
        .unavailable,
        .init(
          "probe", address, error.problem,
          hint: "see whether the worker runs, and give --address as its admin.listen says"))
    }
    guard [200, 503].contains(answer.status) else {
      throw CommandFailure(
        .unavailable,
        .init(
          "probe", address, "answers /\(page) with \(answer.status), as no worker does",
          hint: "give --address as the worker's admin.listen says"))
    }
    let text = String(decoding: answer.body, as: UTF8.self)
    invocation.console.print(text.hasSuffix("\n") ? String(text.dropLast()) : text)
    return answer.status == 200 ? .ok : .found
  }

  private static func address(_ invocation: Invocation) throws(CommandFailure) -> String {
    if let address = invocation.value("--address") {
      guard let parts = HostPort.split(address), !parts.host.isEmpty, parts.port != nil else {
        throw .usage("--address", "\(quoted(address)) is no HOST:PORT", hint: "--address 127.0.0.1:9464")
      }
      return address
    }
    guard let address = try invocation.settings().adminListen else {
      throw CommandFailure(
        .config,
        .init(
          "probe", "admin.listen", "is none: a worker with these settings tells nobody how it is",
          hint: "admin.listen=127.0.0.1:9464, for the worker and here"))
    }
    guard address.port != 0 else {
      throw CommandFailure(
        .config,
        .init(
          "probe", "admin.listen", "is port 0: the worker took any that was free",
          hint: "--address, with what the worker's log says at admin.listening"))
    }
    return "\(address.asDestination)"
  }
}
