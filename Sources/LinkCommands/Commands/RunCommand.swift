import Glibc
import LinkOps
import Synchronization

/// `linkworker run`: the worker itself.
enum RunCommand {
  static let definition = CommandDefinition(
    name: "run",
    group: .serve,
    summary: "Serve link requests until SIGTERM.",
    about: """
      Consumes link requests, has the adapter generate a token for each, and publishes one outcome for each. Workers with the same \
      kafka.group.id share the work; each needs a store.directory of its own. On SIGTERM or SIGINT it takes nothing new, settles \
      what is in flight within shutdown.timeout.ms, leaves the group and ends with 0; while it still starts, it ends at once, with 0 too.
      """,
    settings: .worker,
    options: [
      .flag(
        "--from-beginning",
        "Start partitions whose committed offset is lost at their beginning, although they have state; what is known is not "
          + "called again.")
    ],
    examples: [
      "linkworker run --config worker.properties",
      "linkworker run --config worker.properties -X log.level=debug -X log.format=text",
    ],
    readyText: "lane.opened",
    exitCodes: [.noInput, .unavailable, .software, .cantCreate, .tempFail, .noPermission, .config],
    body: run)

  @Sendable private static func run(_ invocation: Invocation) throws(CommandFailure) -> ExitCode {
    StopSignals.endAtOnce()
    let settings = try invocation.settings()
    let log = Log(level: settings.log.level, format: settings.log.format)
    // What is said on the way out must be written, whichever way that is.
    defer { log.flush() }
    let options = Worker.Options(startsFromBeginning: invocation.isSet("--from-beginning"))
    let start = Start()
    let signals = StopSignals { _, count in if count == 1 { start.stop(log) } }
    defer { withExtendedLifetime(signals) {} }
    let worker = try Worker(settings: settings, options: options, log: log)
    start.finish(stop: worker.stop)
    return worker.run()
  }

  /// What a stop means: before the worker is there, the end of the process, for a start may wait for Kafka and nothing is in flight that could be
  /// lost; afterwards the worker's own way.
  private final class Start: Sendable {
    private let stop = Mutex<(@Sendable () -> Void)?>(nil)

    func finish(stop: @escaping @Sendable () -> Void) { self.stop.withLock { $0 = stop } }

    func stop(_ log: Log) {
      // Under the lock, so that no worker begins meanwhile.
      stop.withLock { stop in
        if let stop { return stop() }
        log.info(
          "worker.stopped", "A stop was asked for before the start was done: nothing was taken.", ["whole": true])
        log.flush()
        _exit(ExitCode.ok.rawValue)
      }
    }
  }
}
