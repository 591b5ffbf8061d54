import Glibc

/// One HTTP/1.1 request over a socket, and everything that comes back.
enum RawHTTP {
  /// Sends `head` and `body` to a port of 127.0.0.1; nil where nobody listens.
  static func send(_ head: [String], body: String = "", port: UInt16) -> String? {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    inet_pton(AF_INET, "127.0.0.1", &address.sin_addr)
    let size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isConnected = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, size) == 0 }
    }
    guard isConnected else { return nil }
    let headers = ["Host: 127.0.0.1", "Connection: close", "Content-Length: \(body.utf8.count)"]
    let request = Array(((head + headers).joined(separator: "\r\n") + "\r\n\r\n" + body).utf8)
    guard write(descriptor, request, request.count) == request.count else { return nil }
    var answer: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4096)
    while case let count = read(descriptor, &chunk, chunk.count), count > 0 { answer += chunk[..<count] }
    return String(decoding: answer, as: UTF8.self)
  }
}
