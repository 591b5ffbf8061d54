import CMicroHTTPD
import Glibc
import LinkCore
import Synchronization

/// A small HTTP server on libmicrohttpd whose answers may be late, broken or endless, at the cost of no thread for each.
///
/// Unchecked: owns the daemon's handle, a raw pointer that is set once and given up in `stop`.
final class HTTPServer: @unchecked Sendable {
  let port: UInt16
  /// Bytes that the body of a request to a path may have.
  let bodyLimit: @Sendable (_ path: String) -> Int
  let timer = ResumeTimer()
  private let respond: @Sendable (HTTPRequest) -> HTTPReply
  private let daemon = Mutex<Handle?>(nil)

  /// The daemon's handle.
  private struct Handle: @unchecked Sendable {
    var pointer: OpaquePointer
  }

  /// Listens and serves: `respond` is called for each whole request on one of the server's threads, which it must not hold.
  init(
    address: String, port: UInt16, tls: (certificate: [UInt8], key: [UInt8])?, threads: Int, connectionLimit: Int,
    bodyLimit: @escaping @Sendable (_ path: String) -> Int, respond: @escaping @Sendable (HTTPRequest) -> HTTPReply
  ) throws(SandboxFailure) {
    let socket = try ListeningSocket(address: address, port: port)
    self.port = socket.port
    self.bodyLimit = bodyLimit
    self.respond = respond
    let subject = "\(address) port \(socket.port)"
    guard timer.start() else {
      close(socket.descriptor)
      throw SandboxFailure(
        operation: "serve HTTP", subject: subject, problem: "the system gives no thread",
        hint: "raising the limit of processes and threads")
    }
    let me = Unmanaged.passUnretained(self).toOpaque()
    let key = tls.map { $0.key.map(CChar.init(bitPattern:)) + [0] }
    let certificate = tls.map { $0.certificate.map(CChar.init(bitPattern:)) + [0] }
    let started = link_mhd_start(
      socket.descriptor, UInt32(threads), UInt32(connectionLimit), 120, handleAccess, forgetExchange, me, key,
      certificate)
    guard let started else {
      timer.finish()
      close(socket.descriptor)
      throw SandboxFailure(
        operation: "serve HTTP", subject: subject, problem: "libmicrohttpd does not start",
        hint: tls == nil ? "freeing memory and file descriptors" : "a PEM certificate and the key that belongs to it")
    }
    daemon.withLock { $0 = Handle(pointer: started) }
  }

  deinit { stop() }

  /// Answers what is held, closes every connection and ends the threads. Harmless when repeated.
  func stop() {
    // A daemon that is stopped must have no suspended connection: the timer resumes them all, and from now on at once.
    timer.finish()
    let ending = daemon.withLock { handle in
      defer { handle = nil }
      return handle
    }
    if let ending { MHD_stop_daemon(ending.pointer) }
  }

  fileprivate func reply(to request: HTTPRequest) -> HTTPReply { respond(request) }
}

/// libmicrohttpd's handler: called with the headers, with each piece of the body, at its end, and again after a suspension.
private func handleAccess(
  _ context: UnsafeMutableRawPointer?, _ connection: OpaquePointer?, _ url: UnsafePointer<CChar>?,
  _ method: UnsafePointer<CChar>?, _ version: UnsafePointer<CChar>?, _ data: UnsafePointer<CChar>?,
  _ size: UnsafeMutablePointer<Int>?, _ state: UnsafeMutablePointer<UnsafeMutableRawPointer?>?
) -> MHD_Result {
  guard let context, let connection, let url, let method, let size, let state else { return .NO }
  let server = Unmanaged<HTTPServer>.fromOpaque(context).takeUnretainedValue()
  guard let known = state.pointee else {
    let request = HTTPRequest(
      method: String(cString: method), path: String(cString: url),
      authorization: header("Authorization", of: connection),
      contentType: header("Content-Type", of: connection), traceparent: header("traceparent", of: connection))
    let exchange = HTTPExchange(
      connection: connection, request: request, bodyLimit: server.bodyLimit(request.path), timer: server.timer)
    state.pointee = Unmanaged.passRetained(exchange).toOpaque()
    return .YES
  }
  let exchange = Unmanaged<HTTPExchange>.fromOpaque(known).takeUnretainedValue()
  if size.pointee > 0 {
    exchange.append(UnsafeRawBufferPointer(start: data, count: size.pointee))
    size.pointee = 0
    return .YES
  }
  return exchange.proceed(server.reply)
}

private func header(_ name: String, of connection: OpaquePointer) -> String? {
  MHD_lookup_connection_value(connection, .HEADER_KIND, name).map { String(cString: $0) }
}

private func forgetExchange(
  _ context: UnsafeMutableRawPointer?, _ connection: OpaquePointer?,
  _ state: UnsafeMutablePointer<UnsafeMutableRawPointer?>?, _ reason: MHD_RequestTerminationCode
) {
  guard let state, let known = state.pointee else { return }
  state.pointee = nil
  Unmanaged<HTTPExchange>.fromOpaque(known).takeRetainedValue().forget()
}
