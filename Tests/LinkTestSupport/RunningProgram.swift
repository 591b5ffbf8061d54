public import Glibc
import LinkSandbox

/// A program while it runs, in an environment of nothing but `PATH`, `HOME` and what it is given; its outputs are in files. It is killed when this goes, or
/// when the test process ends.
public final class RunningProgram: Sendable {
  /// How a run ended, and what it said.
  public struct Outcome: Sendable {
    /// The exit code, or minus the signal that ended it.
    public var code: Int32
    /// Standard output.
    public var output: [UInt8]
    /// Standard error.
    public var errors: [UInt8]

    /// Standard output as text.
    public var outputText: String { String(decoding: output, as: UTF8.self) }
    /// Standard error as text.
    public var errorText: String { String(decoding: errors, as: UTF8.self) }
  }

  private let name: String
  private let scratch: Scratch
  private let child: ChildProcess

  /// The built `linkworker`, beside the test bundle.
  public static var linkworker: String {
    get throws {
      var buffer = [CChar](repeating: 0, count: 4096)
      let count = readlink("/proc/self/exe", &buffer, buffer.count)
      guard count > 0, count < buffer.count else { throw Missing("The path of the test process") }
      let path = String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
      return path.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 } + "/linkworker"
    }
  }

  /// Starts a program, found by `PATH` unless it is a path.
  public init(_ arguments: [String], environment: [String: String] = [:]) throws {
    name = arguments.prefix(2).joined(separator: " ")
    scratch = try Scratch()
    var words = ["/usr/bin/env", "-i"]
    for inherited in ["PATH", "HOME", "LD_LIBRARY_PATH"] {
      if let value = getenv(inherited) { words.append("\(inherited)=\(String(cString: value))") }
    }
    words += environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    child = try ChildProcess(words + arguments, output: scratch["output"], errors: scratch["errors"])
  }

  deinit { kill() }

  /// Runs a program to its end.
  public static func run(
    _ arguments: [String], environment: [String: String] = [:], within seconds: Double = 180
  ) throws -> Outcome {
    try RunningProgram(arguments, environment: environment).end(within: seconds)
  }

  /// Its process id.
  public var id: pid_t { child.id }

  /// The file of its standard output.
  public var outputPath: String { scratch["output"] }

  /// The file of its standard error.
  public var errorPath: String { scratch["errors"] }

  /// What it has written to standard error so far.
  public var errors: [UInt8] { Scratch.bytes(of: errorPath) }

  /// What it has written to standard output so far.
  public var output: [UInt8] { Scratch.bytes(of: outputPath) }

  /// Whether it still runs.
  public var isRunning: Bool { !child.hasEnded() }

  /// Whether it stands still until somebody sends SIGCONT.
  public var isFrozen: Bool {
    // Behind the name, which is in brackets and may hold anything, stands the state.
    let stat = Scratch.bytes(of: "/proc/\(id)/stat")
    guard let name = stat.lastIndex(of: UInt8(ascii: ")")), name + 2 < stat.count else { return false }
    return stat[name + 2] == UInt8(ascii: "T")
  }

  /// Sends a signal.
  public func signal(_ number: Int32) { child.signal(number) }

  /// Ends it at once (SIGKILL) and waits for that.
  public func kill() { child.terminate(within: 0) }

  /// Waits for its end; where that does not come in time it is killed, and `Missing` thrown.
  @discardableResult
  public func end(within seconds: Double = 180) throws -> Outcome {
    do {
      try awaiting("The end of \(name)", within: seconds, state: { self.tail }) { child.hasEnded() }
    } catch {
      kill()
      throw error
    }
    let code: Int32 =
      switch child.howItEnded() {
      case .exited(let code)?: code
      case .killed(let signal)?: -signal
      case nil: .min
      }
    return Outcome(code: code, output: output, errors: errors)
  }

  /// The last that it wrote, for messages.
  public var tail: String {
    "It wrote last: " + String(decoding: output.suffix(500), as: UTF8.self)
      + String(decoding: errors.suffix(2000), as: UTF8.self)
  }
}
