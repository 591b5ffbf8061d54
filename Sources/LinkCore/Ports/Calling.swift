/// One call of the adapter: `POST /generate/token`.
public struct AdapterCall: Sendable {
  /// Counts the calls of one engine.
  public var id: UInt64
  /// The JSON body, exactly as it is to be sent.
  public var body: [UInt8]
  /// `traceparent` and `tracestate`, where the request had them.
  public var trace: TraceContext

  /// A call to make.
  public init(id: UInt64, body: [UInt8], trace: TraceContext) {
    self.id = id
    self.body = body
    self.trace = trace
  }
}

/// What came of a call, before anybody judges it.
public enum AdapterAnswer: Sendable {
  /// Nothing reached the adapter: refused, no such host, connect timeout, TLS not established. `reason` is for operators and holds no
  /// secret.
  case unsent(reason: String)
  /// The request was sent, or may have been, and no whole answer came: timeout, reset, truncated, body over the limit.
  case lost(reason: String)
  /// A whole answer. The body may hold a token; an error text in it does not hold the credential that the call was made with.
  case response(status: Int, body: Secret, retryAfter: RetryAfter?)
}

/// The `Retry-After` header (RFC 9110, 10.2.3) in either of its forms.
public enum RetryAfter: Hashable, Sendable {
  /// This long after the answer.
  case delay(Milliseconds)
  /// Not before this moment.
  case date(Timestamp)
}

/// W3C trace context that travels with a request: to the adapter call and to the outcome.
public struct TraceContext: Hashable, Sendable {
  /// The `traceparent` value, or nil. Printable ASCII.
  public var traceparent: Text?
  /// The `tracestate` value, or nil. Printable ASCII.
  public var tracestate: Text?

  /// A trace context; none unless given.
  public init(traceparent: Text? = nil, tracestate: Text? = nil) {
    self.traceparent = traceparent
    self.tracestate = tracestate
  }
}
