import CMicroHTTPD
import Glibc
import LinkCore

/// One request on its connection, and its reply on the way. Confined to the server's thread.
final class HTTPExchange {
  private let connection: OpaquePointer
  private let bodyLimit: Int
  private let schedule: ResumeSchedule
  private var request: HTTPRequest
  private var reply: HTTPReply?
  /// How long the connection is still held.
  private var holdLeft: Milliseconds = 0

  /// How often a held connection that is to be closed without an answer is looked at.
  private static let lookInterval: Milliseconds = 1_000

  init(connection: OpaquePointer, request: HTTPRequest, bodyLimit: Int, schedule: ResumeSchedule) {
    self.connection = connection
    self.request = request
    self.bodyLimit = bodyLimit
    self.schedule = schedule
  }

  /// Keeps a piece of the body, up to the limit.
  func append(_ bytes: UnsafeRawBufferPointer) {
    guard !request.isTooLarge, request.body.count + bytes.count <= bodyLimit else {
      request.isTooLarge = true
      request.body = []
      return
    }
    request.body.append(contentsOf: bytes)
  }

  /// The request is whole: finds the reply, holds the connection as long as it says, and sends it when called again.
  func proceed(_ respond: (HTTPRequest) -> HTTPReply) -> MHD_Result {
    let reply = self.reply ?? respond(request)
    if self.reply == nil {
      self.reply = reply
      holdLeft = reply.delay
    }
    guard holdLeft > 0, !schedule.isFinished else { return send(reply) }
    var hold = holdLeft
    if case .closed = reply.form {
      // The library does not look at a suspended connection: whoever gave up would keep it for the whole time.
      guard !hasPeerGone else { return send(reply) }
      hold = min(hold, Self.lookInterval)
    }
    holdLeft -= hold
    schedule.hold(connection, for: hold)
    return .YES
  }

  /// Whether the other side has closed the connection.
  private var hasPeerGone: Bool {
    let descriptor = link_mhd_connection_descriptor(connection)
    guard descriptor >= 0 else { return false }
    var watched = pollfd(fd: descriptor, events: link_poll_peer_gone, revents: 0)
    return poll(&watched, 1, 0) > 0
  }

  /// The request is over, whether it was answered or not.
  func forget() {
    reply?.onSending?()
    reply = nil
  }

  private func send(_ reply: HTTPReply) -> MHD_Result {
    reply.onSending?()
    self.reply?.onSending = nil
    switch reply.form {
    case .whole(let status, let headers, let body):
      let made = body.withUnsafeBytes { bytes in
        // It copies, and so changes nothing.
        MHD_create_response_from_buffer(
          bytes.count, UnsafeMutableRawPointer(mutating: bytes.baseAddress), .RESPMEM_MUST_COPY)
      }
      guard let response = made else { return .NO }
      for (name, value) in headers { MHD_add_response_header(response, name, value) }
      return queue(response, status)
    case .closed:
      return .NO
    case .truncated(let status, let body):
      return stream(status, ReplyStream(size: UInt64(body.count), end: UInt64(body.count / 2), body: body))
    case .huge(let status, let size):
      return stream(status, ReplyStream(size: size, end: size))
    case .dripping(let status, let body, let interval):
      let size = UInt64(body.count)
      let drip = ReplyStream.Drip(connection: connection, schedule: schedule, interval: interval)
      return stream(status, ReplyStream(size: size, end: size, body: body, drip: drip))
    }
  }

  private func stream(_ status: Int, _ stream: ReplyStream) -> MHD_Result {
    let owned = Unmanaged.passRetained(stream)
    let response = MHD_create_response_from_callback(
      stream.size, 16 * 1024, readStream, owned.toOpaque(),
      { context in
        if let context { Unmanaged<ReplyStream>.fromOpaque(context).release() }
      })
    guard let response else {
      owned.release()
      return .NO
    }
    MHD_add_response_header(response, "Content-Type", "application/json")
    return queue(response, status)
  }

  private func queue(_ response: OpaquePointer, _ status: Int) -> MHD_Result {
    defer { MHD_destroy_response(response) }
    return MHD_queue_response(connection, UInt32(status), response)
  }
}

/// A body that is made as it is sent: cut short, without end, or slow.
private final class ReplyStream {
  let size: UInt64
  private let end: UInt64
  private let body: [UInt8]
  private let drip: Drip?
  private var isHeld = false

  struct Drip {
    var connection: OpaquePointer
    var schedule: ResumeSchedule
    var interval: Milliseconds
  }

  init(size: UInt64, end: UInt64, body: [UInt8] = [], drip: Drip? = nil) {
    self.size = size
    self.end = end
    self.body = body
    self.drip = drip
  }

  /// The next bytes from `position` on, at most so many as `space` has.
  func read(_ position: UInt64, _ space: UnsafeMutableRawBufferPointer) -> Int {
    guard position < end else { return link_mhd_reader_error }
    // At the end of the server what is left comes at once.
    guard let drip, !drip.schedule.isFinished else {
      return fill(position, space, Int(min(UInt64(space.count), end - position)))
    }
    isHeld.toggle()
    guard isHeld else { return fill(position, space, 1) }
    drip.schedule.hold(drip.connection, for: drip.interval)
    return 0
  }

  /// Gives `count` bytes of the body, and the letter x where it has none.
  private func fill(_ position: UInt64, _ space: UnsafeMutableRawBufferPointer, _ count: Int) -> Int {
    let part = body.dropFirst(Int(position)).prefix(count)
    space.copyBytes(from: part)
    UnsafeMutableRawBufferPointer(rebasing: space[part.count..<count]).initializeMemory(as: UInt8.self, repeating: 0x78)
    return count
  }
}

private func readStream(
  _ context: UnsafeMutableRawPointer?, _ position: UInt64, _ space: UnsafeMutablePointer<CChar>?, _ size: Int
) -> Int {
  guard let context, let space else { return link_mhd_reader_error }
  let stream = Unmanaged<ReplyStream>.fromOpaque(context).takeUnretainedValue()
  return stream.read(position, UnsafeMutableRawBufferPointer(start: space, count: size))
}
