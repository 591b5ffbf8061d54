import LinkCore
import LinkCrypto
import LinkHTTP
import LinkKafka
import LinkOps
import LinkStore

/// The worker: the engine, its edges, and the loop that joins them. One a process, or one beside a sandbox's broker and adapter.
final class Worker {
  /// What a command may ask for that is no setting.
  struct Options: Sendable {
    /// `--from-beginning`
    var startsFromBeginning = false
    /// Whether the topics are checked, or known to be right.
    var topics = TopicGate.Trust.checked
    /// Hears of all that happens, on the worker's own thread, which it must not hold up.
    var onObservation: (@Sendable (Observation) -> Void)?
  }

  private let log: Log
  private let inbox: Inbox
  private let edges: WorkerEdges
  private let loop: WorkerLoop
  private let admin: AdminServer?
  /// What a stop may take in all, and what of it is kept for leaving the group and closing the store.
  private let stopLimit, closeReserve: Milliseconds

  /// Checks everything that can be wrong before anything is consumed: credential, store, Kafka, topics.
  init(settings: WorkerSettings, options: Options = Options(), log: Log) throws(CommandFailure) {
    self.log = log
    let inbox = Inbox()
    self.inbox = inbox
    let telemetry = Telemetry()
    try DescriptorLimit(concurrency: settings.adapter.concurrency).ensure(log)
    // Before Kafka is asked for anything: a probe must get an answer while the worker waits.
    admin = try telemetry.serve(settings.adminListen, log: log)
    let assembly = WorkerAssembly(
      settings: settings, options: options, log: log, inbox: inbox, health: telemetry.health)
    let parts = try assembly.build()
    edges = parts.edges
    // What is in flight is cut short while there is time left to leave the group and close the store.
    closeReserve = max(min(settings.shutdownTimeout / 5, 5000), 1000)
    stopLimit = max(settings.shutdownTimeout, closeReserve)
    loop = WorkerLoop(
      engine: Engine(settings: parts.engineSettings, sha256: sha256, now: SystemClock.now()), edges: parts.edges,
      telemetry: telemetry, log: log, settleLimit: stopLimit - closeReserve,
      onObservation: options.onObservation)
    log.info(
      "worker.started", "The worker joins its group.",
      [
        "version": .string(Version.current), "group": .string(settings.kafka.groupId),
        "instance": .string(parts.engineSettings.instanceID),
        "partitions": .integer(Int64(parts.engineSettings.partitionCount)),
        "librdkafka": .string(KafkaProperties.libraryVersion),
      ])
  }

  /// Works until `stop`, on this thread.
  func run() -> ExitCode {
    let end: WorkerEnd
    do throws(KafkaFailure) {
      try edges.consumer.subscribe()
      end = loop.run()
    } catch {
      end = .failed(reason: error.description, exitCode: error.exitCode.rawValue)
    }
    // All that is left: to leave the group takes five seconds where a join is under way that waits for others, for Kafka answers one request after
    // the other, and librdkafka waits no longer.
    let spent = loop.stopBegan.map { SystemClock.uptime() - $0 } ?? 0
    Watchdog.guarding("close its clients", limit: max(stopLimit - spent, closeReserve), log: log) { edges.close() }
    admin?.stop()
    defer { log.flush() }
    switch end {
    case .stopped(let isWhole):
      log.info(
        "worker.stopped",
        isWhole
          ? "All that was in flight is settled."
          : "Not all that was in flight is settled, for want of time or because Kafka refuses it: the next worker goes on.",
        ["whole": .bool(isWhole)])
      return .ok
    case .failed(let reason, let exitCode):
      // Said here alone: the log is where a worker that has run tells what happened to it.
      log.error("worker.failed", "\(reason)", ["exitCode": .integer(Int64(exitCode))])
      return ExitCode(rawValue: exitCode) ?? .software
    }
  }

  /// Where health and metrics are served, with the port that was had.
  var adminAddress: ListenAddress? { admin?.address }

  /// Takes nothing new, settles what is in flight, and ends; from any thread.
  var stop: @Sendable () -> Void {
    { [inbox, log] in
      log.info("worker.stopping", "Nothing new is taken; what is in flight is settled.")
      inbox.post(.stop)
    }
  }
}
