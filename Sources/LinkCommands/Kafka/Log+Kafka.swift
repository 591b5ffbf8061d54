import LinkKafka
import LinkOps

extension Log {
  /// Where librdkafka's own log lines go: the event `kafka.client`, each kind of line once in `interval` milliseconds, for librdkafka says
  /// of every broker that is away that it is away, again and again.
  func kafkaSink(interval: Int64 = 30_000) -> KafkaProperties.LogSink {
    let limiter = AlarmLimiter(interval: interval)
    return { [self] severity, facility, message in
      // Syslog's levels; what librdkafka calls an error, a lost connection for one, it mends itself
      let level: LogLevel =
        switch severity {
        // A coordinator that has just begun is asked again.
        case ...4 where facility == "GETPID" && message.hasSuffix(": retrying"): .info
        case ...4: .warning
        case 5, 6: .info
        default: .debug
        }
      guard level != .debug else { return debug("kafka.client", message, ["facility": .string(facility)]) }
      alarm(level, "kafka.client", key: facility, limiter: limiter, message, ["facility": .string(facility)])
    }
  }
}
