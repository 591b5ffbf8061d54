import Glibc

/// A TCP socket that listens, and the port that it got.
struct ListeningSocket {
  let descriptor: Int32
  let port: UInt16

  /// Listens on a numeric IPv4 or IPv6 address; port 0 lets the system choose.
  init(address: String, port: UInt16) throws(HTTPServerFailure) {
    func failure(_ problem: String, _ hint: String) -> HTTPServerFailure {
      HTTPServerFailure("listen", "\(address) port \(port)", problem, hint: hint)
    }
    var ipv4 = sockaddr_in()
    var ipv6 = sockaddr_in6()
    ipv4.sin_family = sa_family_t(AF_INET)
    ipv4.sin_port = port.bigEndian
    ipv6.sin6_family = sa_family_t(AF_INET6)
    ipv6.sin6_port = port.bigEndian
    let isIPv4 = inet_pton(AF_INET, address, &ipv4.sin_addr) == 1
    guard isIPv4 || inet_pton(AF_INET6, address, &ipv6.sin6_addr) == 1 else {
      throw failure("it is not a numeric IP address", "127.0.0.1")
    }
    let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
    let descriptor = socket(isIPv4 ? AF_INET : AF_INET6, kind, 0)
    guard descriptor >= 0 else { throw failure(String(cString: strerror(errno)), "freeing file descriptors") }
    var yes: Int32 = 1
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
    let bound =
      isIPv4
      ? withUnsafeBytes(of: &ipv4) { Self.bind(descriptor, $0) }
      : withUnsafeBytes(of: &ipv6) { Self.bind(descriptor, $0) }
    guard bound, listen(descriptor, 1_024) == 0 else {
      let code = errno
      close(descriptor)
      throw failure(String(cString: strerror(code)), Self.hint(code))
    }
    self.descriptor = descriptor
    self.port = Self.port(of: descriptor, isIPv4: isIPv4)
  }

  private static func hint(_ code: Int32) -> String {
    switch code {
    case EADDRNOTAVAIL: "an address of this machine, such as 127.0.0.1"
    case EACCES, EPERM: "a port from 1024 on"
    default: "another port, or 0 for any that is free"
    }
  }

  private static func bind(_ descriptor: Int32, _ address: UnsafeRawBufferPointer) -> Bool {
    guard let start = address.baseAddress?.assumingMemoryBound(to: sockaddr.self) else { return false }
    return Glibc.bind(descriptor, start, socklen_t(address.count)) == 0
  }

  private static func port(of descriptor: Int32, isIPv4: Bool) -> UInt16 {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    return withUnsafeMutableBytes(of: &storage) { bytes in
      guard let start = bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self) else { return 0 }
      getsockname(descriptor, start, &length)
      // Family and port stand at the same places in both kinds of address.
      return UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: 2, as: UInt16.self))
    }
  }
}
