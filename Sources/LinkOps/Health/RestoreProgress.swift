package import LinkCore
import Synchronization

/// How far the restore under way has come. One restore runs at a time.
package final class RestoreProgress: Sendable {
  /// What there is to tell.
  struct Figures {
    /// Records read by all restores.
    var recordsEver: Int64 = 0
    /// Records read by the one under way.
    var records: Int64 = 0
    /// Offsets that the one under way had before it, and those still to be read.
    var total: Int64 = 0
    var remaining: Int64 = 0
    /// When the one under way began to read.
    var began: Milliseconds?
    /// How long the last one took that came to its end.
    var lastDuration: Milliseconds?
    /// Why it waits, where it does.
    var problem: String?

    /// Records that are read in a second; nil where that cannot be said.
    func rate(at uptime: Milliseconds) -> Int64? {
      guard let began, uptime > began, records > 0 else { return nil }
      return max(records * 1000 / (uptime - began), 1)
    }

    /// Seconds until its end; nil where that cannot be said. Reckoned in offsets, of which a compacted log has many without a record.
    func secondsLeft(at uptime: Milliseconds) -> Int64? {
      guard let began, uptime > began, total > remaining else { return nil }
      return Int64((Double(remaining) * Double(uptime - began) / Double(total - remaining) / 1000).rounded(.up))
    }

    /// What there is to tell of the one under way.
    func fields(at uptime: Milliseconds) -> LogFields {
      var fields: LogFields = ["records": .integer(records), "remaining": .integer(remaining)]
      if let rate = rate(at: uptime) { fields.append("recordsPerSecond", .integer(rate)) }
      if let left = secondsLeft(at: uptime) { fields.append("secondsLeft", .integer(left)) }
      return fields
    }
  }

  fileprivate struct State {
    var figures = Figures()
    /// Offsets still to be read of each partition.
    var remaining: [Int32: Int64] = [:]
    /// When there will be something to say in the log.
    var nextReport: Milliseconds = 0
  }

  /// How often a restore under way says in the log how far it is, in milliseconds.
  package static let reportInterval: Milliseconds = 3_000

  private let state = Mutex(State())

  init() {}

  var figures: Figures { state.withLock(\.figures) }

  /// A restore begins to read, with so many offsets of each partition before it.
  package func begin(_ remaining: [Int32: Int64], at uptime: Milliseconds) {
    state.withLock { state in
      state.remaining = remaining
      state.figures.remaining = remaining.values.reduce(0, +)
      state.figures.total = state.figures.remaining
      state.figures.records = 0
      state.nextReport = uptime + Self.reportInterval
      state.figures.began = uptime
      state.figures.problem = nil
    }
  }

  /// It has read so many records of a partition, and so many offsets are left.
  package func read(_ records: Int, of partition: Int32, remaining: Int64) {
    state.withLock { state in
      state.figures.recordsEver += Int64(records)
      state.figures.records += Int64(records)
      state.figures.remaining += remaining - (state.remaining.updateValue(remaining, forKey: partition) ?? 0)
      state.figures.problem = nil
    }
  }

  /// How far it has come, where it is time to say so again: records, offsets that remain, rate and seconds left.
  package func report(at uptime: Milliseconds) -> LogFields? {
    state.withLock { state in
      guard state.figures.began != nil, uptime >= state.nextReport else { return nil }
      state.nextReport = uptime + Self.reportInterval
      return state.figures.fields(at: uptime)
    }
  }

  /// It has come to its end.
  package func finish(at uptime: Milliseconds) {
    state.withLock { state in
      if let began = state.figures.began { state.figures.lastDuration = uptime - began }
      state.end()
    }
  }

  /// It was given up: what it was for has gone, or it begins anew.
  package func giveUp() { state.withLock { $0.end() } }

  /// It waits for something, as an operator would want to know.
  package func wait(for problem: String) { state.withLock { $0.figures.problem = problem } }
}

extension RestoreProgress.State {
  fileprivate mutating func end() {
    remaining = [:]
    figures.remaining = 0
    figures.total = 0
    figures.records = 0
    figures.began = nil
    figures.problem = nil
  }
}
