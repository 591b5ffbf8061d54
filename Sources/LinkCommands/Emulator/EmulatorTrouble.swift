import Dispatch
import LinkSandbox

/// What the command line says that goes wrong for everybody: error rates and an outage.
struct EmulatorTrouble {
  private var rates = EmulatorRates()
  private var outage: EmulatorOutage?
  private var outageAfter = 0
  private var outageFor: Int?

  static let options: [OptionDefinition] = [
    .value(
      "--error-rate", "CLASS=RATE[,…]", repeatable: true,
      "How often calls of users without a rule go wrong, from 0 to 1 or in percent, together at most 1. Classes: "
        + "\(EmulatorErrorClass.names). The rate of 403 is a share of the users, each of whom always gets it."),
    .value(
      "--retry-after", "SECONDS",
      "What 429 says in Retry-After; default 1. date:SECONDS says it as a date, none leaves it out."),
    .value(
      "--outage", "503|hang|cut|refuse",
      "Begin with an outage, of this kind or another status from 500 on, until it is ended by the control API or --outage-for."
    ),
    .value("--outage-after", "SECONDS", "Begin the outage (503 unless --outage says otherwise) so much later."),
    .value("--outage-for", "SECONDS", "End the outage so long after its begin."),
  ]

  private static let timeRange = 0...31_536_000

  init(_ invocation: Invocation) throws(CommandFailure) {
    for text in invocation.all("--error-rate") {
      for part in text.split(separator: ",", omittingEmptySubsequences: false) { try add(part) }
    }
    do { try rates.check() } catch {
      throw .usage("--error-rate", "\(error.subject): \(error.problem)", hint: error.hint ?? "")
    }
    if let text = invocation.value("--retry-after") {
      guard let retryAfter = EmulatorRetryAfter(text) else {
        throw .usage(
          "--retry-after", "\(quoted(text)) is not SECONDS (up to 86400), date:SECONDS or none",
          hint: "--retry-after 2")
      }
      let isUsed =
        rates.shares[.status(429)] != nil || invocation.all("--fail-first").contains { $0.hasSuffix(":429") }
      guard isUsed else {
        throw .usage(
          "--retry-after", "goes with a rate or a --fail-first of 429",
          hint: "--error-rate 429=5% --retry-after \(text)")
      }
      rates.retryAfter = retryAfter
    }
    outageAfter = try invocation.integer("--outage-after", in: Self.timeRange) ?? 0
    outageFor = try invocation.integer("--outage-for", in: Self.timeRange)
    if let text = invocation.value("--outage") {
      guard let kind = EmulatorOutage(name: text) else {
        throw .usage(
          "--outage", "\(quoted(text)) is not hang, cut, refuse or a status from 500 to 599", hint: "--outage 503")
      }
      outage = kind
    } else if invocation.isSet("--outage-after") || outageFor != nil {
      outage = .usual
    }
  }

  /// Puts it into a configuration.
  func apply(to configuration: inout AdapterEmulatorConfiguration) {
    configuration.rates = rates
    configuration.outage = outageAfter == 0 ? outage : nil
  }

  /// Begins and ends the outage in its time; `onChange` is told.
  func keepTime(_ emulator: AdapterEmulator, onChange: @escaping @Sendable (EmulatorOutage?) -> Void) {
    guard let outage else { return }
    let queue = DispatchQueue(label: "linkworker.outage")
    func change(to outage: EmulatorOutage?, after seconds: Int) {
      queue.asyncAfter(deadline: .now() + .seconds(seconds)) { [weak emulator] in
        guard let emulator else { return }
        emulator.setOutage(outage)
        onChange(outage)
      }
    }
    if outageAfter > 0 { change(to: outage, after: outageAfter) }
    if let outageFor { change(to: nil, after: outageAfter + outageFor) }
  }

  private mutating func add(_ part: Substring) throws(CommandFailure) {
    let words = part.split(separator: "=", omittingEmptySubsequences: false)
    guard words.count == 2, let rate = Self.rate(words[1]) else {
      throw .usage(
        "--error-rate", "\(quoted(String(part))) is not CLASS=RATE with a rate from 0 to 1 or in percent",
        hint: "--error-rate 5xx=10%,429=0.05")
    }
    let name = String(words[0])
    guard let kind = EmulatorErrorClass(name: name) else {
      throw .usage("--error-rate", "there is no class \(quoted(name))", hint: "one of \(EmulatorErrorClass.names)")
    }
    guard rates.shares.updateValue(rate, forKey: kind) == nil else {
      throw .usage("--error-rate", "\(name) stands there twice", hint: "one rate for a class")
    }
  }

  /// `0.1` or `10%`, from 0 to 1.
  private static func rate(_ text: Substring) -> Double? {
    let isPercent = text.hasSuffix("%")
    let digits = isPercent ? text.dropLast() : text
    guard digits.utf8.allSatisfy({ 0x30...0x39 ~= $0 || $0 == 0x2E }), let number = Double(digits) else { return nil }
    let rate = isPercent ? number / 100 : number
    return (0...1).contains(rate) ? rate : nil
  }
}
