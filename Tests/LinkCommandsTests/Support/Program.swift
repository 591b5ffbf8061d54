import Foundation
import Synchronization

/// The built program, beside the test bundle.
enum Program {
  /// What a run of it left.
  struct Outcome {
    var code: Int32
    var output: String
    var errors: String

    /// The lines on standard error.
    var errorLines: [String] { errors.split(separator: "\n").map(String.init) }
  }

  static var url: URL {
    get throws {
      let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
      return URL(fileURLWithPath: tests).deletingLastPathComponent().appendingPathComponent("linkworker")
    }
  }

  /// Runs it to its end with nothing in the environment but `environment`.
  static func run(_ arguments: String..., environment: [String: String] = [:]) throws -> Outcome {
    let running = try Running(arguments, environment)
    return running.end()
  }

  /// The program while it runs.
  final class Running {
    private let process = Process()
    private let output = Pipe()
    private let errors = Pipe()

    init(_ arguments: [String], _ environment: [String: String] = [:]) throws {
      process.executableURL = try Program.url
      process.arguments = arguments
      process.environment = environment
      process.standardOutput = output
      process.standardError = errors
      process.standardInput = FileHandle.nullDevice
      try process.run()
    }

    /// Reads standard output until it holds `text`; what was read up to then.
    func read(until text: String) -> String {
      var read = ""
      while !read.contains(text) {
        let data = output.fileHandleForReading.availableData
        guard !data.isEmpty else { break }
        read += String(decoding: data, as: UTF8.self)
      }
      return read
    }

    /// Reads standard error until it holds `text`; what was read up to then.
    func readErrors(until text: String) -> String {
      var read = ""
      while !read.contains(text) {
        let data = errors.fileHandleForReading.availableData
        guard !data.isEmpty else { break }
        read += String(decoding: data, as: UTF8.self)
      }
      return read
    }

    /// Asks it to end.
    func terminate() { process.terminate() }

    /// Sends what Ctrl-C sends.
    func interrupt() { process.interrupt() }

    /// Waits for its end.
    func end() -> Outcome {
      // Two pipes: read both at once, lest the program waits for the one that nobody reads
      let errorReader = errors.fileHandleForReading
      let errorData = Mutex(Data())
      let group = DispatchGroup()
      DispatchQueue.global().async(group: group) {
        let data = errorReader.readDataToEndOfFile()
        errorData.withLock { $0 = data }
      }
      let data = output.fileHandleForReading.readDataToEndOfFile()
      group.wait()
      process.waitUntilExit()
      return Outcome(
        code: process.terminationStatus, output: String(decoding: data, as: UTF8.self),
        errors: errorData.withLock { String(decoding: $0, as: UTF8.self) })
    }

    deinit { if process.isRunning { process.terminate() } }
  }
}
