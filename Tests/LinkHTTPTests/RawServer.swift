import Foundation
import Synchronization

/// A TCP server whose every connection follows a script: for what no good server does.
final class RawServer: Sendable {
  let port: UInt16
  private let descriptor: Int32
  private let log = Mutex(Log())

  private struct Log {
    var connections = 0
    var requests: [[UInt8]] = []
  }

  /// Runs `script` for each connection, numbered from 0, on a thread of its own; the connection is closed when it returns.
  init(_ script: @escaping @Sendable (RawConnection, Int) -> Void) throws {
    (descriptor, port) = try Self.listen(backlog: 128)
    let descriptor = descriptor
    Thread.detachNewThread { [weak self] in
      while true {
        let accepted = accept(descriptor, nil, nil)
        guard accepted >= 0 else { break }
        guard let self else {
          close(accepted)
          break
        }
        let number = log.withLock { log in
          log.connections += 1
          return log.connections - 1
        }
        let connection = RawConnection(accepted) { [weak self] request in
          self?.log.withLock { $0.requests.append(request) }
        }
        Thread.detachNewThread {
          script(connection, number)
          connection.end()
        }
      }
      close(descriptor)
    }
  }

  deinit { shutdown(descriptor, Int32(SHUT_RDWR)) }

  var url: String { "http://127.0.0.1:\(port)" }
  /// Connections accepted.
  var connections: Int { log.withLock { $0.connections } }
  /// Whole requests read, as they came.
  var requests: [[UInt8]] { log.withLock { $0.requests } }

  /// A listening socket on any loopback port.
  static func listen(backlog: Int32) throws -> (descriptor: Int32, port: UInt16) {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = loopback(0)
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let port = try withUnsafeMutablePointer(to: &address) { pointer in
      try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
        guard bind(descriptor, raw, length) == 0, Glibc.listen(descriptor, backlog) == 0,
          getsockname(descriptor, raw, &length) == 0
        else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
      }
      return UInt16(bigEndian: pointer.pointee.sin_port)
    }
    return (descriptor, port)
  }

  static func loopback(_ port: UInt16) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return address
  }
}

/// One connection of a `RawServer`.
final class RawConnection: Sendable {
  private let descriptor: Int32
  private let isOpen = Atomic(true)
  private let onRequest: @Sendable ([UInt8]) -> Void

  init(_ descriptor: Int32, onRequest: @escaping @Sendable ([UInt8]) -> Void) {
    self.descriptor = descriptor
    self.onRequest = onRequest
  }

  /// Reads a request by its Content-Length; nil when the client ends before.
  @discardableResult func readRequest() -> [UInt8]? {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4_096)
    while true {
      if let end = Self.requestLength(bytes), bytes.count >= end {
        onRequest(bytes)
        return bytes
      }
      let count = recv(descriptor, &buffer, buffer.count, 0)
      guard count > 0 else { return nil }
      bytes += buffer[..<count]
    }
  }

  /// Reads whatever comes first.
  func readSome() -> [UInt8] {
    var buffer = [UInt8](repeating: 0, count: 4_096)
    let count = recv(descriptor, &buffer, buffer.count, 0)
    return Array(buffer[..<max(0, count)])
  }

  func write(_ text: String) {
    let bytes = Array(text.utf8)
    send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
  }

  /// An answer with this body, by Content-Length.
  func respond(_ body: String, status: String = "200 OK", headers: String = "") {
    write("HTTP/1.1 \(status)\r\nContent-Length: \(body.utf8.count)\r\n\(headers)\r\n\(body)")
  }

  /// Waits until the client closes.
  func awaitEnd() { while !readSome().isEmpty {} }

  /// Closes with a reset.
  func reset() {
    var option = linger(l_onoff: 1, l_linger: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
  }

  /// Closes; harmless when repeated.
  func end() {
    guard isOpen.exchange(false, ordering: .relaxed) else { return }
    close(descriptor)
  }

  private static func requestLength(_ bytes: [UInt8]) -> Int? {
    let text = String(decoding: bytes, as: UTF8.self)
    guard let headersEnd = text.range(of: "\r\n\r\n") else { return nil }
    let headers = text[..<headersEnd.upperBound]
    let length = headers.lowercased().split(separator: "\r\n").first { $0.hasPrefix("content-length:") }
    return headers.utf8.count + (length.flatMap { Int($0.dropFirst(15).trimmingCharacters(in: .whitespaces)) } ?? 0)
  }
}
