import Foundation
import LinkCore
import Testing

/// One HTTP connection, blocking, that says exactly what a test writes.
final class HTTPTestClient {
  private let descriptor: Int32
  private var pending: [UInt8] = []

  /// Connects to a loopback port.
  init(port: UInt16) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let connected = withUnsafeBytes(of: &address) { bytes in
      connect(descriptor, bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self), socklen_t(bytes.count))
    }
    try #require(connected == 0)
    // A server that says nothing fails the test instead of hanging it.
    var limit = timeval(tv_sec: 20, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
  }

  deinit { close(descriptor) }

  /// An answer as it came.
  struct Answer {
    var status: Int
    var headers: [String: String]
    var body: [UInt8]
    /// Whether the body is as long as the headers promise.
    var isWhole: Bool

    var text: String { String(decoding: body, as: UTF8.self) }
    /// The body as JSON.
    var json: JSONValue { get throws { try JSONValue(parsing: body) } }
    /// The body's lines as JSON.
    var lines: [JSONValue] {
      get throws { try body.split(separator: 0x0A).map { try JSONValue(parsing: Array($0)) } }
    }
  }

  /// Sends a request and reads its answer; nil where the connection is closed instead.
  func send(_ method: String, _ path: String, headers: [String] = [], body: String = "") throws -> Answer? {
    write(method, path, headers: headers, body: body)
    return try read()
  }

  /// Sends a request alone.
  func write(_ method: String, _ path: String, headers: [String] = [], body: String = "") {
    let lines = ["\(method) \(path) HTTP/1.1", "Host: emulator", "Content-Length: \(body.utf8.count)"] + headers
    let bytes = Array((lines.joined(separator: "\r\n") + "\r\n\r\n" + body).utf8)
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes {
        Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return }
      sent += count
    }
  }

  /// Reads the next answer.
  func read() throws -> Answer? {
    while pending.firstRange(of: Array("\r\n\r\n".utf8)) == nil { guard receive() else { return nil } }
    let end = try #require(pending.firstRange(of: Array("\r\n\r\n".utf8)))
    let lines = String(decoding: pending[..<end.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
    pending.removeFirst(end.upperBound)
    var headers: [String: String] = [:]
    for line in lines.dropFirst() {
      let parts = line.split(separator: ":", maxSplits: 1)
      headers[parts[0].lowercased()] = parts.count > 1 ? parts[1].trimmingCharacters(in: .whitespaces) : ""
    }
    let status = try #require(Int(lines[0].split(separator: " ")[1]))
    let length = Int(headers["content-length"] ?? "0") ?? 0
    while pending.count < length { guard receive() else { break } }
    let body = Array(pending.prefix(length))
    pending.removeFirst(body.count)
    return Answer(status: status, headers: headers, body: body, isWhole: body.count == length)
  }

  private func receive() -> Bool {
    var buffer = [UInt8](repeating: 0, count: 65_536)
    let count = recv(descriptor, &buffer, buffer.count, 0)
    guard count > 0 else { return false }
    pending += buffer[..<count]
    return true
  }
}
