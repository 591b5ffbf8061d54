/// What is to be measured, as the command line says it.
struct BenchOptions {
  /// Links of one throughput run.
  var links = 50_000
  /// Links a second of a latency run.
  var rate = 500
  /// Seconds of a latency run that are measured, behind those in which everything warms up.
  var seconds = 20
  /// Milliseconds that the adapter takes for its answer: each is a scenario of its own.
  var adapterLatencies: [Int] = [0, 20]
  /// Calls at the same time.
  var concurrency = 256
  /// Partitions of each topic.
  var partitions = 12
  /// How often each scenario runs; medians are reported.
  var repeats = 3
  var subjects: [Scenario.Subject] = [.worker, .floor]
  var kinds: [Scenario.Kind] = [.throughput, .latency]
  /// Whether requests that a client with another partitioner put elsewhere are measured too.
  var measuresMoved = false
  /// Links of which the state is restored; nil: no restore is measured, and with a number nothing else is.
  var restored: Int?
  /// Links that wait in a store; nil: that is not measured, and with a number nothing else is.
  var waiting: Int?
  /// Another worker's program, whose restores take turns with those of `worker`.
  var beside: String?
  var writesJSON = false
  /// Whether the folder with settings and logs stays.
  var keepsFiles = false
  var wantsHelp = false
  /// The worker's program; nil: the one beside this program.
  var worker: String?
  /// What is put before the subject's command line: a profiler.
  var wrapper: [String] = []
  /// Further settings of the worker, `NAME=VALUE`.
  var settings: [String] = []

  static let help = """
    linkbench: measures linkworker on a real Kafka (KAFKA_HOME), beside a floor: the same consumer, calls and outcomes without
    store, state and transactions. Everything runs on loopback and ends with this program.
      --links N            of a throughput run (50000)
      --rate N             links a second of a latency run (500)
      --seconds N          of a latency run (20)
      --latencies A,B      milliseconds that the adapter takes, each a scenario (0,20)
      --concurrency N      calls at the same time (256)
      --partitions N       of each topic (12)
      --repeat N           runs of each scenario; medians are reported (3)
      --subjects A,B       worker, floor (both)
      --measure A,B        throughput, latency (both)
      --moved              also throughput of requests that a client with another partitioner wrote
      --restore N          instead of all that: how long a worker takes from its start until it has the state of N links and takes
                           requests, without a store (cold) and with the one of the run before (warm)
      --waiting N          instead of all that: a worker's start and memory over a store with N links that wait, and what the store takes to
                           find those that are due
      --beside FILE        another worker's program, whose restores take turns with the worker's
      -X NAME=VALUE        a setting of the worker, repeatable
      --worker FILE        the worker's program (linkworker beside this one)
      --wrap "COMMAND"     put before the subject's command line, for a profiler
      --keep               leave the folder with settings and logs, and say where it is
      --json               one JSON object instead of the table
    """

  init(_ arguments: [String]) throws {
    var rest = arguments[...]
    while let option = rest.popFirst() {
      switch option {
      case "--help", "-h": wantsHelp = true
      case "--moved": measuresMoved = true
      case "--json": writesJSON = true
      case "--keep": keepsFiles = true
      default: try take(option, &rest)
      }
    }
  }

  /// Every scenario once.
  var scenarios: [Scenario] {
    kinds.flatMap { kind in
      adapterLatencies.flatMap { latency in
        var all = subjects.map { Scenario(subject: $0, kind: kind, adapterLatency: latency) }
        if kind == .throughput, measuresMoved, subjects.contains(.worker) {
          all.append(Scenario(subject: .worker, kind: kind, adapterLatency: latency, isMoved: true))
        }
        return all
      }
    }
  }

  private mutating func take(_ option: String, _ rest: inout ArraySlice<String>) throws {
    guard let value = rest.popFirst() else { throw Self.usage(option, "it needs a value, or is not known") }
    switch option {
    case "--links": links = try Self.number(value, 1...10_000_000, option)
    case "--rate": rate = try Self.number(value, 1...100_000, option)
    case "--seconds": seconds = try Self.number(value, 1...3600, option)
    case "--latencies":
      adapterLatencies = try value.split(separator: ",").map { try Self.number($0, 0...60_000, option) }
    case "--concurrency": concurrency = try Self.number(value, 1...4096, option)
    case "--partitions": partitions = try Self.number(value, 1...1000, option)
    case "--repeat": repeats = try Self.number(value, 1...100, option)
    case "--subjects": subjects = try Self.words(value, option)
    case "--measure": kinds = try Self.words(value, option)
    case "--restore": restored = try Self.number(value, 1...10_000_000, option)
    case "--waiting": waiting = try Self.number(value, 1...10_000_000, option)
    case "--beside": beside = value
    case "--worker": worker = value
    case "--wrap": wrapper = value.split(separator: " ").map(String.init)
    case "-X": settings.append(value)
    default: throw Self.usage(option, "there is no such option")
    }
  }

  private static func words<Word: RawRepresentable>(_ text: String, _ option: String) throws -> [Word]
  where Word.RawValue == String {
    try text.split(separator: ",").map { word in
      guard let known = Word(rawValue: String(word)) else { throw usage(option, "\(word) is not one of its words") }
      return known
    }
  }

  private static func number(_ text: some StringProtocol, _ range: ClosedRange<Int>, _ option: String) throws -> Int {
    guard let number = Int(text), range.contains(number) else {
      throw usage(option, "\(text) is not a number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  private static func usage(_ option: String, _ problem: String) -> BenchFailure {
    BenchFailure("read the command line", option, problem, hint: "linkbench --help", exitCode: 64)
  }
}
