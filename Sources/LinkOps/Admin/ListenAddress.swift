import Glibc

/// A numeric IP address of this machine and a port on which something listens.
public struct ListenAddress: Hashable, Sendable, CustomStringConvertible {
  /// An IPv4 or IPv6 address, without brackets.
  public var host: String
  /// The port; 0 lets the system choose.
  public var port: UInt16

  /// An address.
  public init(host: String, port: UInt16) {
    self.host = host
    self.port = port
  }

  /// Reads `127.0.0.1:9464` or `[::1]:9464`; `localhost` is 127.0.0.1. nil for everything else.
  public init?(_ text: String) {
    guard let colon = text.lastIndex(of: ":"), let port = Self.port(text[text.index(after: colon)...]) else {
      return nil
    }
    let name = text[..<colon]
    if name.hasPrefix("["), name.hasSuffix("]") {
      self.init(host: String(name.dropFirst().dropLast()), port: port)
      var address = in6_addr()
      guard inet_pton(AF_INET6, host, &address) == 1 else { return nil }
    } else {
      self.init(host: name == "localhost" ? "127.0.0.1" : String(name), port: port)
      var address = in_addr()
      guard inet_pton(AF_INET, host, &address) == 1 else { return nil }
    }
  }

  /// Where a program on the same machine reaches it: the loopback address for 0.0.0.0 and [::], which are no destinations.
  public var asDestination: ListenAddress {
    var address = in6_addr()
    if inet_pton(AF_INET6, host, &address) == 1 {
      let isAny = withUnsafeBytes(of: &address) { $0.allSatisfy { $0 == 0 } }
      return isAny ? ListenAddress(host: "::1", port: port) : self
    }
    return host == "0.0.0.0" ? ListenAddress(host: "127.0.0.1", port: port) : self
  }

  /// As `init` reads it.
  public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

  private static func port(_ digits: Substring) -> UInt16? {
    guard !digits.isEmpty, digits.utf8.allSatisfy({ 0x30...0x39 ~= $0 }) else { return nil }
    return UInt16(digits)
  }
}
