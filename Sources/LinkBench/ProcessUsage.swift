import Dispatch
import Glibc

/// What a process has used up to now, as `/proc` tells it.
struct ProcessUsage {
  /// Processor time of user and system, in microseconds; in steps of the kernel's tick (10 ms).
  var cpu: Double
  /// The peak of resident memory in MB; 0 where the process has ended.
  var memory: Double

  init(of id: pid_t) {
    let fields = Self.read("/proc/\(id)/stat").split(separator: ")").last?.split(separator: " ") ?? []
    // Fields 14 and 15 of proc(5), counted behind the name.
    let ticks = fields.count > 12 ? (Double(fields[11]) ?? 0) + (Double(fields[12]) ?? 0) : 0
    cpu = ticks * 1_000_000 / Double(sysconf(Int32(_SC_CLK_TCK)))
    let peak = Self.read("/proc/\(id)/status").split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    memory =
      (peak?.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap { Double($0) } ?? 0) / 1024
  }

  private static func read(_ path: String) -> String {
    guard let file = fopen(path, "r") else { return "" }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 8192)
    let count = fread(&bytes, 1, bytes.count, file)
    return String(decoding: bytes[..<count], as: UTF8.self)
  }
}

/// The processor time of everybody who takes part in a run.
struct UsageSnapshot {
  var subject, load, emulator, broker: ProcessUsage

  /// What was used a link since `earlier`.
  func cpu(since earlier: UsageSnapshot?, links: Int) -> Measurement.CPU {
    func of(_ process: KeyPath<UsageSnapshot, ProcessUsage>, _ earlier: UsageSnapshot?) -> Double {
      (self[keyPath: process].cpu - (earlier?[keyPath: process].cpu ?? 0)) / Double(links)
    }
    return Measurement.CPU(
      subject: of(\.subject, earlier), load: of(\.load, earlier), emulator: of(\.emulator, earlier),
      broker: of(\.broker, earlier))
  }
}

/// The clock by which everything is measured, in microseconds: it never jumps, and is the same in all processes.
func monotonicMicroseconds() -> Int64 {
  Int64(DispatchTime.now().uptimeNanoseconds / 1000)
}
