import Glibc

/// A TCP connection over 127.0.0.1 that says exactly what a test writes.
public final class LoopbackSocket: Sendable {
  private let descriptor: Int32

  /// The server's end of one; see `LoopbackListener`.
  fileprivate init(accepted descriptor: Int32) {
    self.descriptor = descriptor
    Self.limitReading(descriptor)
  }

  /// Connects. A server that says nothing fails a reading test after a minute instead of hanging it.
  public init(port: UInt16) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw Missing("A socket: \(String(cString: strerror(errno)))") }
    Self.limitReading(descriptor)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let isConnected = withUnsafeBytes(of: &address) { bytes in
      connect(descriptor, bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self), socklen_t(bytes.count)) == 0
    }
    guard isConnected else { throw Missing("A server at port \(port): \(String(cString: strerror(errno)))") }
  }

  deinit { close(descriptor) }

  /// Sends bytes; false where the other side has gone.
  @discardableResult
  public func write(_ bytes: [UInt8]) -> Bool {
    bytes.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) } == bytes.count
  }

  /// Says that nothing more will come from this side.
  public func shutDown() { shutdown(descriptor, Int32(SHUT_WR)) }

  /// The next so many bytes; fewer where the other side closes before.
  public func read(_ count: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: count)
    while bytes.count < count, case let read = recv(descriptor, &chunk, count - bytes.count, 0), read > 0 {
      bytes += chunk[..<read]
    }
    return bytes
  }

  /// Everything that comes until the other side closes.
  public func readToEnd() -> [UInt8] {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while case let count = recv(descriptor, &chunk, chunk.count, 0), count > 0 { bytes += chunk[..<count] }
    return bytes
  }

  /// Whether the other side has closed it, as far as is known by now.
  public var isClosed: Bool {
    var byte: UInt8 = 0
    let count = recv(descriptor, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT))
    return count == 0 || count < 0 && errno != EAGAIN
  }

  /// Whether there is something to read by now.
  public var hasInput: Bool {
    var byte: UInt8 = 0
    return recv(descriptor, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT)) > 0
  }

  fileprivate static func limitReading(_ descriptor: Int32) {
    var limit = timeval(tv_sec: 60, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
  }
}

/// A server on a port of 127.0.0.1 that says exactly what a test writes.
public final class LoopbackListener: Sendable {
  /// Where it listens.
  public let port: UInt16
  private let descriptor: Int32

  /// Listens at a port of the system's choice.
  public init() throws {
    descriptor = try ProxySocket.listening()
    port = try ProxySocket.port(of: descriptor)
  }

  deinit { close(descriptor) }

  /// The next connection to it, within a minute.
  public func accept() throws -> LoopbackSocket {
    var accepted: Int32?
    try awaiting("A connection to port \(port)", within: 60) {
      accepted = ProxySocket.accepted(by: descriptor)
      return accepted != nil
    }
    guard let accepted else { throw Missing("A connection") }
    let flags = fcntl(accepted, F_GETFL)
    guard fcntl(accepted, F_SETFL, flags & ~O_NONBLOCK) == 0 else { throw Missing("A connection that waits") }
    return LoopbackSocket(accepted: accepted)
  }
}

/// An answer of an HTTP server.
public struct HTTPAnswer: Sendable {
  /// The status.
  public var status: Int
  /// The head's lines.
  public var head: String
  /// The body.
  public var body: String

  /// Asks a server at a port of 127.0.0.1, on a connection of its own.
  public static func get(
    _ path: String, port: UInt16, method: String = "GET", headers: [String] = []
  ) throws -> HTTPAnswer {
    let lines = ["\(method) \(path) HTTP/1.1", "Host: 127.0.0.1", "Connection: close"] + headers
    let socket = try LoopbackSocket(port: port)
    guard socket.write(Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)) else {
      throw Missing("A server that reads")
    }
    return try HTTPAnswer(socket.readToEnd())
  }

  init(_ bytes: [UInt8]) throws {
    let end = bytes.firstRange(of: Array("\r\n\r\n".utf8))
    let text = String(decoding: bytes[..<(end?.lowerBound ?? bytes.endIndex)], as: UTF8.self)
    guard let end, let word = text.split(separator: " ").dropFirst().first, let status = Int(word) else {
      throw Missing("An answer of HTTP in \(text.debugDescription)")
    }
    self.status = status
    head = text
    body = String(decoding: bytes[end.upperBound...], as: UTF8.self)
  }
}
