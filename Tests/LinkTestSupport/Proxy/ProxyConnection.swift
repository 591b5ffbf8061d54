import Glibc

/// A client's connection to the proxy and the proxy's to the server.
final class ProxyConnection {
  let client: Int32
  let server: Int32
  let port: UInt16
  /// From the client to the server.
  var requests = ProxyLine()
  /// From the server to the client.
  var answers = ProxyLine()
  var requestCutter = FrameCutter()
  var answerCutter = FrameCutter()
  /// Requests that are not answered yet, and what is to become of their answers.
  var unanswered: [Int32: (request: KafkaRequest, rule: ProxyRule?)] = [:]
  /// Answers of requests that came twice: the second one is kept back.
  var superfluous: Set<Int32> = []
  /// Whether it was broken: it is closed at the end of the turn.
  var isBroken = false

  init(client: Int32, server: Int32, port: UInt16) {
    self.client = client
    self.server = server
    self.port = port
  }

  deinit {
    close(client)
    close(server)
  }
}

/// A request on its way to its broker by a connection of its own, after its client's was broken.
final class LateRequest {
  let id: Int
  let request: KafkaRequest
  let port: UInt16
  /// Uptime at which it goes; nil: when it is released.
  var due: Double?
  /// What releases it.
  let api: KafkaAPI?
  private(set) var descriptor: Int32?
  private var line = ProxyLine()
  private var cutter = FrameCutter()

  init(id: Int, _ request: KafkaRequest, _ frame: [UInt8], port: UInt16, due: Double?, api: KafkaAPI?) {
    self.id = id
    self.request = request
    self.port = port
    self.due = due
    self.api = api
    line.add(frame, now: 0, delay: 0, throughput: nil)
  }

  deinit { if let descriptor { close(descriptor) } }

  /// Sends it off. Where the broker cannot be reached it will never come.
  func connect() throws { descriptor = try ProxySocket.connecting(to: port) }

  /// Whether there is still something to send.
  var hasMore: Bool { line.nextDue != nil }

  /// Sends and reads what can be; the end, with the answer where there is one.
  func turn(_ descriptor: Int32, _ events: Int16) -> KafkaProxy.LateArrival? {
    if events & Int16(POLLOUT) != 0, !line.send(to: descriptor, now: 1, waiting: []) {
      return KafkaProxy.LateArrival(request: request)
    }
    guard events & ~Int16(POLLOUT) != 0 else { return nil }
    var chunk = [UInt8](repeating: 0, count: 4096)
    let count = recv(descriptor, &chunk, chunk.count, 0)
    guard count > 0 else {
      return count < 0 && errno == EAGAIN ? nil : KafkaProxy.LateArrival(request: request)
    }
    cutter.add(chunk[..<count])
    return cutter.next().map { KafkaProxy.LateArrival(request: request, errorCode: request.errorCode(in: $0)) }
  }
}
