import CMicroHTTPD
import Glibc
import LinkCore

/// libmicrohttpd's daemon and the loop that drives it.
///
/// Unchecked: owns a raw handle, which the thread that serves alone uses; before and after it, whoever makes and drops the daemon.
///
/// The loop is our own because the library's (0.9.75) asks epoll again, and waits, whenever exactly 128 connections are ready at once: with
/// 256 clients it stood still every few thousand requests.
final class HTTPDaemon: @unchecked Sendable {
  let accepts: @Sendable (_ path: String) -> Bool
  let bodyLimit: @Sendable (_ path: String) -> Int
  let respond: @Sendable (HTTPRequest) -> HTTPReply
  let schedule = ResumeSchedule()
  /// Who is connected, where the oldest is dropped at the limit.
  let crowd: ConnectionCrowd?
  private var handle: OpaquePointer?
  /// A descriptor in reserve, for a connection at a time when the process has no other.
  private var reserve: Int32 = -1

  /// How long the loop rests when there is no descriptor for a connection that waits, in milliseconds.
  private static let restWithoutDescriptor: Int32 = 100

  /// A daemon on a listening socket, which it closes in the end; nil where libmicrohttpd refuses (the socket is then the caller's).
  init?(
    listeningSocket: Int32, tls: (certificate: [UInt8], key: [UInt8])?, connectionLimit: Int, idleTimeout: Int,
    dropsOldest: Bool, accepts: @escaping @Sendable (_ path: String) -> Bool,
    bodyLimit: @escaping @Sendable (_ path: String) -> Int,
    respond: @escaping @Sendable (HTTPRequest) -> HTTPReply
  ) {
    self.accepts = accepts
    self.bodyLimit = bodyLimit
    self.respond = respond
    crowd = dropsOldest ? ConnectionCrowd(limit: connectionLimit) : nil
    let me = Unmanaged.passUnretained(self).toOpaque()
    let key = tls.map { $0.key.map(CChar.init(bitPattern:)) + [0] }
    let certificate = tls.map { $0.certificate.map(CChar.init(bitPattern:)) + [0] }
    // One that is dropped is still there until the loop has turned.
    let limit = connectionLimit + (dropsOldest ? ConnectionCrowd.margin : 0)
    handle = link_mhd_start(
      listeningSocket, UInt32(limit), UInt32(idleTimeout), handleAccess, forgetExchange, noteConnection, me, key,
      certificate)
    if handle == nil { return nil }
  }

  deinit {
    if let handle { MHD_stop_daemon(handle) }
    if reserve >= 0 { close(reserve) }
  }

  /// Serves until something comes through the pipe `bell`; then answers what is held.
  func serve(until bell: Int32) {
    guard let handle else { return }
    let events = link_mhd_epoll_descriptor(handle)
    while true {
      var timeout = schedule.resumeDue() ?? -1
      // What was resumed, or is read in part, does not show on the descriptor.
      var ownTimeout: UInt64 = 0
      if MHD_get_timeout(handle, &ownTimeout) == .YES, timeout < 0 || ownTimeout < UInt64(timeout) {
        timeout = Int32(min(ownTimeout, 60_000))
      }
      var watched = [
        pollfd(fd: events, events: Int16(POLLIN), revents: 0), pollfd(fd: bell, events: Int16(POLLIN), revents: 0),
      ]
      poll(&watched, 2, timeout)
      if watched[1].revents != 0 { break }
      if watched[0].revents != 0, !hasDescriptor() {
        poll(&watched[1], 1, Self.restWithoutDescriptor)
        if watched[1].revents != 0 { break }
      }
      MHD_run(handle)
    }
    // A daemon that is stopped must have no suspended connection; what is resumed answers in the next run.
    schedule.finish()
    MHD_run(handle)
    MHD_run(handle)
  }
}

extension HTTPDaemon {
  /// Whether a connection can be taken, if need be with the descriptor in reserve: whoever looks after a process that has run out of them must
  /// hear of it. Where there is none at all libmicrohttpd would ask again and again without a pause, for as long as a client waits.
  private func hasDescriptor() -> Bool {
    if reserve < 0 { reserve = open("/dev/null", O_RDONLY | O_CLOEXEC) }
    let probe = open("/dev/null", O_RDONLY | O_CLOEXEC)
    if probe >= 0 {
      close(probe)
      return true
    }
    guard reserve >= 0 else { return false }
    close(reserve)
    reserve = -1
    return true
  }
}

/// libmicrohttpd's handler: called with the headers, with each piece of the body, at its end, and again after a suspension.
private func handleAccess(
  _ context: UnsafeMutableRawPointer?, _ connection: OpaquePointer?, _ url: UnsafePointer<CChar>?,
  _ method: UnsafePointer<CChar>?, _ version: UnsafePointer<CChar>?, _ data: UnsafePointer<CChar>?,
  _ size: UnsafeMutablePointer<Int>?, _ state: UnsafeMutablePointer<UnsafeMutableRawPointer?>?
) -> MHD_Result {
  guard let context, let connection, let url, let method, let size, let state else { return .NO }
  let daemon = Unmanaged<HTTPDaemon>.fromOpaque(context).takeUnretainedValue()
  guard let known = state.pointee else {
    guard daemon.accepts(String(cString: url)) else { return .NO }
    let request = HTTPRequest(
      method: String(cString: method), path: String(cString: url),
      authorization: header("Authorization", of: connection), contentType: header("Content-Type", of: connection),
      traceparent: header("traceparent", of: connection), accept: header("Accept", of: connection))
    let exchange = HTTPExchange(
      connection: connection, request: request, bodyLimit: daemon.bodyLimit(request.path), schedule: daemon.schedule)
    state.pointee = Unmanaged.passRetained(exchange).toOpaque()
    return .YES
  }
  let exchange = Unmanaged<HTTPExchange>.fromOpaque(known).takeUnretainedValue()
  if size.pointee > 0 {
    exchange.append(UnsafeRawBufferPointer(start: data, count: size.pointee))
    size.pointee = 0
    return .YES
  }
  return exchange.proceed(daemon.respond)
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

/// A connection begins or ends.
private func noteConnection(
  _ context: UnsafeMutableRawPointer?, _ connection: OpaquePointer?,
  _ state: UnsafeMutablePointer<UnsafeMutableRawPointer?>?, _ code: MHD_ConnectionNotificationCode
) {
  guard let context, let connection else { return }
  let daemon = Unmanaged<HTTPDaemon>.fromOpaque(context).takeUnretainedValue()
  switch code {
  case .CONNECTION_NOTIFY_STARTED: daemon.crowd?.enter(link_mhd_connection_descriptor(connection))
  case .CONNECTION_NOTIFY_CLOSED: daemon.crowd?.leave(link_mhd_connection_descriptor(connection))
  default: break
  }
}
