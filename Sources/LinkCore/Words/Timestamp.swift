/// A moment of wall-clock time, in milliseconds since 1970-01-01T00:00:00Z: Kafka's own unit.
public struct Timestamp: Hashable, Comparable, Sendable {
  /// Milliseconds since the Unix epoch; negative before it.
  public var milliseconds: Int64

  /// The moment `milliseconds` after the Unix epoch.
  public init(milliseconds: Int64) { self.milliseconds = milliseconds }

  /// Earlier first.
  public static func < (left: Timestamp, right: Timestamp) -> Bool { left.milliseconds < right.milliseconds }

  /// The moment `wait` milliseconds later, held within Int64.
  public static func + (moment: Timestamp, wait: Milliseconds) -> Timestamp {
    let (sum, overflow) = moment.milliseconds.addingReportingOverflow(wait)
    return Timestamp(milliseconds: overflow ? (wait > 0 ? .max : .min) : sum)
  }

  /// The milliseconds from `right` to `left`, held within Int64.
  public static func - (left: Timestamp, right: Timestamp) -> Milliseconds {
    let (difference, overflow) = left.milliseconds.subtractingReportingOverflow(right.milliseconds)
    return overflow ? (left > right ? .max : .min) : difference
  }
}

/// A length of time in milliseconds.
public typealias Milliseconds = Int64

/// The two clocks as one step of the engine sees them: the core has none of its own.
public struct Now: Sendable {
  /// What the calendar says: for deadlines, due times and events. It may jump.
  public var wall: Timestamp
  /// Milliseconds since some fixed moment of this process: for lingers and waits. It never jumps.
  public var uptime: Milliseconds

  /// A moment on both clocks.
  public init(wall: Timestamp, uptime: Milliseconds) {
    self.wall = wall
    self.uptime = uptime
  }
}
