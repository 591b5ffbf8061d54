import CCurl
import Glibc
import LinkCore

/// One recycled easy handle of libcurl: what one call on the way needs. Confined to the client's thread.
final class CallHandle {
  let easy: UnsafeMutableRawPointer
  private(set) var callID: UInt64 = 0
  private let answerLimit: Int
  private let errorText: UnsafeMutablePointer<CChar>
  private var headers: UnsafeMutablePointer<curl_slist>?
  private var headersGeneration = 0
  private var credential = Secret([])

  private var body: [UInt8] = []
  private var bodyOffset = 0
  /// Whether libcurl was given a byte of the body: before that no adapter can have understood the request.
  private var bodyLeft = false
  private var answer: [UInt8] = []
  private var headerBytes = 0
  private var excess: String?
  private var retryAfter: RetryAfter?

  /// Bytes of an answer's header lines together.
  private static let headerLimit = 64 * 1024

  init?(settings: AdapterClientSettings) {
    guard let easy = curl_easy_init() else { return nil }
    self.easy = easy
    answerLimit = settings.answerLimit
    errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
    errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    guard configure(settings) else { return nil }
  }

  deinit {
    curl_easy_cleanup(easy)
    curl_slist_free_all(headers)
    errorText.deallocate()
  }

  /// Takes a call on; false where memory is out.
  func begin(_ call: AdapterCall, credential: Secret, generation: Int) -> Bool {
    callID = call.id
    body = call.body
    bodyOffset = 0
    bodyLeft = false
    answer.removeAll(keepingCapacity: true)
    headerBytes = 0
    excess = nil
    retryAfter = nil
    errorText.pointee = 0
    self.credential = credential
    return setHeaders(call.trace, generation)
      && link_curl_set_size(easy, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(body.count)) == CURLE_OK
  }

  /// The answer to the call, which ended with `code`.
  func end(_ code: CURLcode) -> AdapterAnswer {
    var status = 0
    link_curl_get_long(easy, CURLINFO_RESPONSE_CODE, &status)
    guard code == CURLE_OK, status != 0 else { return cut(reason(code)) }
    // The bytes move into the secret; what is kept for the next answer is nothing.
    let answer = AdapterAnswer.response(status: status, body: answerBody, retryAfter: retryAfter)
    self.answer = []
    body = []
    return answer
  }

  /// The answer's body. Where its error text repeats the credential it is the same error without it: nobody behind this knows the credential
  /// that the call was made with.
  private var answerBody: Secret {
    let body = Secret(answer)
    // Escapes may hide it; without any, the bytes tell.
    guard answer.contains(UInt8(ascii: "\\")) || answer.contains(credential.reveal()),
      case .error(let errmsg?) = AdapterReply.parse(body)
    else { return body }
    var writer = JSONWriter()
    writer.beginObject()
    writer.name("s")
    writer.string("error" as String)
    writer.name("errmsg")
    writer.string(EventError.redacted(errmsg, secrets: [credential]))
    writer.endObject()
    return Secret(writer.bytes)
  }

  /// The answer to a call that came to no whole response.
  func cut(_ reason: String) -> AdapterAnswer {
    let answer: AdapterAnswer = mayHaveArrived ? .lost(reason: reason) : .unsent(reason: reason)
    self.answer = []
    body = []
    return answer
  }

  /// Whether the adapter may have got the request: any doubt says yes, for a token may then have been made.
  private var mayHaveArrived: Bool {
    if bodyLeft { return true }
    guard body.isEmpty else { return false }
    var started: curl_off_t = 0
    link_curl_get_time(easy, CURLINFO_PRETRANSFER_TIME_T, &started)
    return started != 0
  }

  /// What went wrong, for an operator: libcurl's own words, which may quote the peer, so they are cleaned.
  private func reason(_ code: CURLcode) -> String {
    if let excess { return excess }
    let name = String(cString: curl_easy_strerror(code))
    if code == CURLE_SEND_FAIL_REWIND { return "the connection died after the request was sent on it" }
    let detail = String(cString: errorText)
    guard !detail.isEmpty else { return name }
    var words = "\(name): \(detail)"
    let credential = String(decoding: credential.reveal(), as: UTF8.self)
    if words.contains(credential) { words = name }
    return String(String.UnicodeScalarView(words.unicodeScalars.prefix(300).map { $0.isVisible ? $0 : "?" }))
  }
}

// MARK: - The request

extension CallHandle {
  /// Sets what is the same for every call; false where libcurl refuses any of it.
  private func configure(_ settings: AdapterClientSettings) -> Bool {
    let me = Unmanaged.passUnretained(self).toOpaque()
    let codes = [
      link_curl_set_string(easy, CURLOPT_URL, settings.endpoint.tokenURL),
      link_curl_set_web_protocols(easy),
      link_curl_set_long(easy, CURLOPT_POST, 1),
      // The body comes by a function that cannot seek: libcurl would silently send a POST again when a reused connection dies.
      link_curl_set_data_function(easy, CURLOPT_READFUNCTION, readBody),
      link_curl_set_pointer(easy, CURLOPT_READDATA, me),
      link_curl_set_data_function(easy, CURLOPT_WRITEFUNCTION, writeAnswer),
      link_curl_set_pointer(easy, CURLOPT_WRITEDATA, me),
      link_curl_set_data_function(easy, CURLOPT_HEADERFUNCTION, readHeader),
      link_curl_set_pointer(easy, CURLOPT_HEADERDATA, me),
      link_curl_set_pointer(easy, CURLOPT_ERRORBUFFER, errorText),
      link_curl_set_long(easy, CURLOPT_TCP_KEEPALIVE, 1),
      // An idle connection that the adapter is about to close costs an ambiguous answer, so old ones are not reused. (Closed ones
      // are noticed before use.) And a new address of the host is found at last.
      link_curl_set_long(easy, CURLOPT_MAXAGE_CONN, 30),
      link_curl_set_long(easy, CURLOPT_MAXLIFETIME_CONN, 600),
    ]
    return codes.allSatisfy { $0 == CURLE_OK } && settings.applyConnection(to: easy)
  }

  /// Sets the headers, anew only where credential or trace differ from the last call's.
  private func setHeaders(_ trace: TraceContext, _ generation: Int) -> Bool {
    let isTraced = trace.traceparent != nil || trace.tracestate != nil
    if !isTraced, headersGeneration == generation { return true }
    let bearer = "Authorization: Bearer " + String(decoding: credential.reveal(), as: UTF8.self)
    // "Expect:" takes away what libcurl would add to a larger body.
    var lines = [bearer, "Content-Type: application/json", "Accept: application/json", "Expect:"]
    if let value = trace.traceparent, value.isHeaderValue { lines.append("traceparent: \(value)") }
    if let value = trace.tracestate, value.isHeaderValue { lines.append("tracestate: \(value)") }
    var list: UnsafeMutablePointer<curl_slist>?
    for line in lines {
      guard let longer = curl_slist_append(list, line) else {
        curl_slist_free_all(list)
        return false
      }
      list = longer
    }
    guard link_curl_set_pointer(easy, CURLOPT_HTTPHEADER, list) == CURLE_OK else {
      curl_slist_free_all(list)
      return false
    }
    curl_slist_free_all(headers)
    headers = list
    headersGeneration = isTraced ? 0 : generation
    return true
  }

  /// Copies the next bytes of the body into libcurl's buffer.
  fileprivate func giveBody(_ space: UnsafeMutableRawBufferPointer) -> Int {
    let left = body.count - bodyOffset
    // libcurl asks for exactly the body's length; asked again, it is about to send the request a second time.
    guard left > 0 else { return bodyLeft ? link_curl_read_abort : 0 }
    let count = min(left, space.count)
    body.withUnsafeBytes { space.copyMemory(from: .init(rebasing: $0[bodyOffset..<(bodyOffset + count)])) }
    bodyOffset += count
    bodyLeft = true
    return count
  }
}

// MARK: - The response

extension CallHandle {
  /// Keeps a piece of the answer; anything but its length ends the call.
  fileprivate func takeAnswer(_ bytes: UnsafeRawBufferPointer) -> Int {
    guard answer.count + bytes.count <= answerLimit else {
      excess = "the answer's body is over the limit of \(answerLimit) bytes"
      return 0
    }
    answer.append(contentsOf: bytes)
    return bytes.count
  }

  /// Looks at one header line; anything but its length ends the call.
  fileprivate func takeHeader(_ bytes: UnsafeRawBufferPointer) -> Int {
    headerBytes += bytes.count
    guard headerBytes <= Self.headerLimit else {
      excess = "the answer's headers are over the limit of \(Self.headerLimit) bytes"
      return 0
    }
    guard let first = bytes.first, first | 0x20 == 0x72 || first == 0x48 else { return bytes.count }
    // A status line begins another response: what an interim one said is void.
    if bytes.starts(with: "HTTP/".utf8) { retryAfter = nil }
    let name = "retry-after:".utf8
    if bytes.count > name.count, zip(bytes, name).allSatisfy({ $0 | 0x20 == $1 | 0x20 }) {
      let line = bytes.dropFirst(name.count).prefix { $0 != 0x0D && $0 != 0x0A }
      retryAfter = RetryAfter(header: String(decoding: line, as: UTF8.self))
    }
    return bytes.count
  }
}

extension Text {
  /// Printable ASCII, so that it cannot end a header line. It was checked where it was read; this is the last place before the wire.
  fileprivate var isHeaderValue: Bool {
    !utf8.isEmpty && utf8.count <= 8_192 && utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F }
  }
}

extension Unicode.Scalar {
  fileprivate var isVisible: Bool { value >= 0x20 && value < 0x7F }
}

// MARK: - What libcurl calls

private let readBody: link_curl_data_function = { data, size, count, context in
  guard let data, let context else { return link_curl_read_abort }
  let handle = Unmanaged<CallHandle>.fromOpaque(context).takeUnretainedValue()
  return handle.giveBody(UnsafeMutableRawBufferPointer(start: data, count: size * count))
}

private let writeAnswer: link_curl_data_function = { data, size, count, context in
  guard let data, let context else { return 0 }
  let handle = Unmanaged<CallHandle>.fromOpaque(context).takeUnretainedValue()
  return handle.takeAnswer(UnsafeRawBufferPointer(start: data, count: size * count))
}

private let readHeader: link_curl_data_function = { data, size, count, context in
  guard let data, let context else { return 0 }
  let handle = Unmanaged<CallHandle>.fromOpaque(context).takeUnretainedValue()
  return handle.takeHeader(UnsafeRawBufferPointer(start: data, count: size * count))
}
