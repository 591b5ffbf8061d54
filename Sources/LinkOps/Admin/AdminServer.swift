package import LinkCore
package import LinkHTTPServer

/// The admin address: `/livez`, `/readyz` and `/metrics`, for probes and for Prometheus. It shows no secret and changes nothing.
package final class AdminServer: Sendable {
  /// Where it listens, with the port that it got.
  package let address: ListenAddress
  private let server: HTTPServer

  /// Connections at once; when one more comes, the oldest is closed. Few, for each is a descriptor that Kafka's clients might need.
  private static let connectionLimit = 64
  /// Seconds after which an idle connection is closed.
  private static let idleTimeout = 30
  /// Bytes of a request's body that are read; none means anything here.
  private static let bodyLimit = 1024

  /// Listens and serves on a thread of its own, from now until `stop`.
  package init(
    _ address: ListenAddress, health: Health, metrics: WorkerMetrics, clock: @escaping @Sendable () -> Now
  ) throws(HTTPServerFailure) {
    let pages = AdminPages(health: health, metrics: metrics, clock: clock)
    server = try HTTPServer(
      address: address.host, port: address.port, tls: nil,
      connectionLimit: Self.connectionLimit, idleTimeout: Self.idleTimeout, dropsOldest: true,
      bodyLimit: { _ in Self.bodyLimit }, respond: { pages.answer($0) })
    self.address = ListenAddress(host: address.host, port: server.port)
  }

  /// Closes every connection and ends the thread.
  package func stop() { server.stop() }
}

/// What the admin address answers.
struct AdminPages: Sendable {
  let health: Health
  let metrics: WorkerMetrics
  let clock: @Sendable () -> Now

  private static let paths = ["/livez", "/readyz", "/metrics"]

  /// The answer to a request.
  func answer(_ request: HTTPRequest) -> HTTPReply {
    guard Self.paths.contains(request.path) else {
      return text(404, "There is \(Self.paths.joined(separator: ", ")).\n")
    }
    guard request.method == "GET" || request.method == "HEAD" else {
      return text(405, "Only GET and HEAD.\n", headers: [("Allow", "GET, HEAD")])
    }
    switch request.path {
    case "/livez": return page(health.livePage(now: clock()))
    case "/readyz": return page(health.readyPage(now: clock()))
    default:
      let format = MetricFormat(accept: request.accept)
      return HTTPReply(
        form: .whole(
          status: 200, headers: [("Content-Type", format.contentType), ("Vary", "Accept")],
          body: metrics.text(format)))
    }
  }

  private func page(_ page: (isGood: Bool, body: [UInt8])) -> HTTPReply {
    .json(page.isGood ? 200 : 503, page.body, headers: [("Cache-Control", "no-store")])
  }

  private func text(_ status: Int, _ body: String, headers: [(name: String, value: String)] = []) -> HTTPReply {
    HTTPReply(
      form: .whole(
        status: status, headers: [("Content-Type", "text/plain; charset=utf-8")] + headers, body: Array(body.utf8)))
  }
}
