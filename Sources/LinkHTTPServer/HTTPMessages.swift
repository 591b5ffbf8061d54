package import LinkCore

/// A whole HTTP request, as far as the servers here look at it.
package struct HTTPRequest {
  /// `GET`, `POST`, …
  package var method: String
  /// The path, percent-decoded, without the query.
  package var path: String
  /// `Authorization`, or nil.
  package var authorization: String?
  /// `Content-Type`, or nil.
  package var contentType: String?
  /// `traceparent`, or nil.
  package var traceparent: String?
  /// `Accept`, or nil.
  package var accept: String?
  /// The body; empty where it was over the limit.
  package var body: [UInt8] = []
  /// Whether the body was over the limit, and thrown away.
  package var isTooLarge = false
}

/// What a request is answered with, and when.
package struct HTTPReply {
  /// What reaches the client.
  package var form: Form
  /// How long the connection is held before.
  package var delay: Milliseconds = 0
  /// Runs when the reply is on its way, before the client can see any of it.
  package var onSending: (@Sendable () -> Void)?

  /// The ways in which a server answers, well or badly.
  package enum Form {
    /// An answer as it should be.
    case whole(status: Int, headers: [(name: String, value: String)], body: [UInt8])
    /// Nothing: the connection is closed.
    case closed
    /// Headers that promise `body`, half of it, and a closed connection.
    case truncated(status: Int, body: [UInt8])
    /// So many bytes, without an end in sight.
    case huge(status: Int, size: UInt64)
    /// A whole answer that comes one byte at a time, this far apart.
    case dripping(status: Int, body: [UInt8], interval: Milliseconds)
  }

  /// A reply.
  package init(form: Form, delay: Milliseconds = 0, onSending: (@Sendable () -> Void)? = nil) {
    self.form = form
    self.delay = delay
    self.onSending = onSending
  }

  /// A JSON answer.
  package static func json(_ status: Int, _ body: [UInt8], headers: [(name: String, value: String)] = []) -> HTTPReply {
    HTTPReply(form: .whole(status: status, headers: [("Content-Type", "application/json")] + headers, body: body))
  }
}
