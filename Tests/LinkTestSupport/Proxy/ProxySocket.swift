import Glibc

/// The socket calls of a proxy: loopback, nothing blocks.
enum ProxySocket {
  /// A socket that listens at a port of the system's choice.
  static func listening() throws -> Int32 {
    let descriptor = try make()
    var address = loopback(0)
    let isBound = withUnsafeBytes(of: &address) { bytes in
      bind(descriptor, bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self), socklen_t(bytes.count)) == 0
    }
    guard isBound, listen(descriptor, 128) == 0 else { throw failure("A listening socket") }
    return descriptor
  }

  /// Where a socket listens.
  static func port(of descriptor: Int32) throws -> UInt16 {
    var address = sockaddr_in()
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isKnown = withUnsafeMutableBytes(of: &address) { bytes in
      getsockname(descriptor, bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self), &length) == 0
    }
    guard isKnown else { throw failure("A port") }
    return UInt16(bigEndian: address.sin_port)
  }

  /// A connection under way; whether it comes about shows when it is used.
  static func connecting(to port: UInt16) throws -> Int32 {
    let descriptor = try make()
    var address = loopback(port)
    let result = withUnsafeBytes(of: &address) { bytes in
      connect(descriptor, bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self), socklen_t(bytes.count))
    }
    guard result == 0 || errno == EINPROGRESS else {
      close(descriptor)
      throw failure("A connection to port \(port)")
    }
    return descriptor
  }

  /// The next connection that waits, or nil.
  static func accepted(by listener: Int32) -> Int32? {
    let descriptor = accept(listener, nil, nil)
    guard descriptor >= 0 else { return nil }
    unblock(descriptor)
    hurry(descriptor)
    return descriptor
  }

  /// A pipe of which neither end blocks.
  static func pipe() throws -> (reading: Int32, writing: Int32) {
    var ends: [Int32] = [-1, -1]
    guard Glibc.pipe(&ends) == 0 else { throw failure("A pipe") }
    for end in ends { unblock(end) }
    return (ends[0], ends[1])
  }

  /// Neither blocks nor is inherited by processes that tests start.
  private static func unblock(_ descriptor: Int32) {
    _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
  }

  private static func make() throws -> Int32 {
    let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
    let descriptor = socket(AF_INET, kind, 0)
    guard descriptor >= 0 else { throw failure("A socket") }
    hurry(descriptor)
    return descriptor
  }

  /// Small messages go at once, as they do without a proxy.
  private static func hurry(_ descriptor: Int32) {
    var isOn: Int32 = 1
    setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &isOn, socklen_t(MemoryLayout<Int32>.size))
  }

  private static func loopback(_ port: UInt16) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return address
  }

  private static func failure(_ what: String) -> Missing { Missing("\(what): \(String(cString: strerror(errno)))") }
}
