import LinkCore

/// A whole HTTP request, as the emulator looks at it.
struct HTTPRequest {
  /// `GET`, `POST`, …
  var method: String
  /// The path, percent-decoded, without the query.
  var path: String
  /// `Authorization`, or nil.
  var authorization: String?
  /// `Content-Type`, or nil.
  var contentType: String?
  /// `traceparent`, or nil.
  var traceparent: String?
  /// The body; empty where it was over the limit.
  var body: [UInt8] = []
  /// Whether the body was over the limit, and thrown away.
  var isTooLarge = false
}

/// What a request is answered with, and when.
struct HTTPReply {
  /// What reaches the client.
  var form: Form
  /// How long the connection is held before.
  var delay: Milliseconds = 0
  /// Runs when the reply is on its way, before the client can see any of it.
  var onSending: (@Sendable () -> Void)?

  /// The ways in which a server answers, well or badly.
  enum Form {
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

  /// A JSON answer.
  static func json(_ status: Int, _ body: [UInt8], headers: [(name: String, value: String)] = []) -> HTTPReply {
    HTTPReply(form: .whole(status: status, headers: [("Content-Type", "application/json")] + headers, body: body))
  }
}
