import LinkHTTPServer
import LinkKafka
import LinkOps

/// What is known of a worker from outside, and where it is served: there before anything else, and gone last.
struct Telemetry: Sendable {
  let health: Health
  let metrics: WorkerMetrics

  init() {
    health = Health()
    metrics = WorkerMetrics(
      health: health, version: Version.current, librdkafka: KafkaProperties.libraryVersion,
      clock: { SystemClock.now() })
  }

  /// Serves it where the settings say; nil where they say nowhere.
  func serve(_ address: ListenAddress?, log: Log) throws(CommandFailure) -> AdminServer? {
    guard let address else { return nil }
    do throws(HTTPServerFailure) {
      let server = try AdminServer(address, health: health, metrics: metrics, clock: { SystemClock.now() })
      log.info(
        "admin.listening", "Health and metrics are served: /livez, /readyz, /metrics.",
        ["address": .string("\(server.address)")])
      return server
    } catch {
      throw CommandFailure(
        .cantCreate,
        .init(
          error.operation, "admin.listen \(address)", error.problem,
          hint: "another port in admin.listen, 0 for any that is free, or none"))
    }
  }
}
