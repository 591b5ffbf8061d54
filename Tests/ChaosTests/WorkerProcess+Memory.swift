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
}
