import Foundation
import LinkTestSupport

extension WorkerProcess {
  /// The most memory that it has had so far, in bytes.
  var peakMemory: Int {
    let text = (try? String(contentsOfFile: "/proc/\(program.id)/status", encoding: .utf8)) ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    return (line?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 1024
  }
}
