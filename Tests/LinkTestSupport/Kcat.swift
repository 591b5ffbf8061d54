import LinkCore

/// kcat, as a client area's stand-in that shares no code with the worker but librdkafka.
public enum Kcat {
  /// Runs it against brokers, `host:port` parted by commas, to its end; throws where it says that something failed.
  @discardableResult
  public static func run(
    _ arguments: [String], on bootstrap: String, within seconds: Double = 180
  ) throws -> RunningProgram.Outcome {
    let outcome = try RunningProgram.run(["kcat", "-b", bootstrap] + arguments, within: seconds)
    guard outcome.code == 0 else { throw Missing("kcat \(arguments.joined(separator: " ")): \(outcome.errorText)") }
    return outcome
  }
}

extension Deployment {
  /// Writes one record to the requests topic by kcat.
  public func produce(_ value: String, key: String? = nil, headers: [String] = [], _ options: [String] = []) throws {
    let file = try scratch.write("value-\(UInt32.random(in: 0 ... .max))", value)
    try Kcat.run(
      ["-P", "-t", topic(.requests)] + (key.map { ["-k", $0] } ?? []) + headers.flatMap { ["-H", $0] } + options + [
        file
      ],
      on: bootstrap)
  }

  /// Writes many records of one line each to the requests topic by one kcat, all at once.
  public func produce(lines: [(key: String?, value: String)], _ options: [String]) throws {
    let isKeyed = lines.contains { $0.key != nil }
    let text = lines.map { ($0.key.map { $0 + "|" } ?? "") + $0.value + "\n" }.joined()
    let file = try scratch.write("lines-\(UInt32.random(in: 0 ... .max))", text)
    try Kcat.run(
      ["-P", "-t", topic(.requests), "-l"] + (isKeyed ? ["-K", "|"] : [])
        + ["-H", "content-type=application/cloudevents+json"] + options + [file], on: bootstrap)
  }
}
