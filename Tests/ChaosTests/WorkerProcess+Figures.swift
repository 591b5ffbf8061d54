import Glibc
import LinkTestSupport

extension WorkerProcess {
  /// A figure of `/proc/PID/status`, in bytes; `VmHWM` is the most memory that it has had so far.
  func statusBytes(_ name: String) throws -> Int {
    let text = String(decoding: Scratch.bytes(of: "/proc/\(program.id)/status"), as: UTF8.self)
    let line = text.split(separator: "\n").first { $0.hasPrefix(name + ":") }
    guard
      let kilobytes = line?.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap({ Int($0) })
    else { throw Missing("\(name) of \(program.id)") }
    return kilobytes * 1024
  }

  /// The processor time that it has used.
  func processorSeconds() throws -> Double {
    let text = String(decoding: Scratch.bytes(of: "/proc/\(program.id)/stat"), as: UTF8.self)
    // Behind the name, which may have spaces: the state is the first field, utime and stime are the 12th and 13th.
    let fields = text.split(separator: ")").last?.split(separator: " ") ?? []
    guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else {
      throw Missing("The processor time of \(program.id)")
    }
    return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
  }
}
