import Glibc

/// Who replays, where `--operator` does not say: it stands in the links' history.
enum ReplayOperator {
  /// `anna@host`: who called sudo, or else who is logged in, or else the number of the process's user.
  static func name(_ environment: [String: String]) -> String {
    let user = ["SUDO_USER", "USER", "LOGNAME"].lazy.compactMap { environment[$0] }.first { !$0.isEmpty }
    return "\(user ?? "uid-\(getuid())")@\(host)"
  }

  private static var host: String {
    var bytes = [CChar](repeating: 0, count: 256)
    guard gethostname(&bytes, bytes.count - 1) == 0 else { return "localhost" }
    return String(decoding: bytes.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
