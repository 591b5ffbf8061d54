import Glibc

/// Which hosts are this machine itself: what goes there in plain text can be overheard by nobody else.
enum Loopback {
  /// Whether `host` is `localhost`, in 127.0.0.0/8 or ::1, written without brackets. Nothing is looked up.
  static func contains(_ host: String) -> Bool {
    if host.lowercased() == "localhost" { return true }
    var four = in_addr()
    if inet_pton(AF_INET, host, &four) == 1 { return UInt32(bigEndian: four.s_addr) >> 24 == 127 }
    var six = in6_addr()
    guard inet_pton(AF_INET6, host, &six) == 1 else { return false }
    return withUnsafeBytes(of: six) { bytes in bytes.last == 1 && bytes.dropLast().allSatisfy { $0 == 0 } }
  }
}
