import CCurl
public import LinkCore

/// One GET of a small page over plain http: what a health check needs.
public struct HTTPProbe: Sendable {
  /// The status of the answer, as in 200.
  public let status: Int
  /// Its body, up to `bodyLimit`.
  public let body: [UInt8]

  /// Bytes of a body that are taken; a longer one is no page of ours, and a failure.
  public static let bodyLimit = 64 * 1024

  /// Why there is no answer, in libcurl's words.
  public struct Failure: Error, Sendable {
    /// What went wrong.
    public var problem: String
  }

  /// Gets `path` from the server at `address`, a `HOST:PORT`, within `timeout`. No proxy is asked, no redirect followed.
  public init(address: String, path: String, timeout: Milliseconds) throws(Failure) {
    guard let easy = curl_easy_init() else { throw Failure(problem: "libcurl has no memory") }
    defer { curl_easy_cleanup(easy) }
    let page = Page()
    let codes = [
      link_curl_set_string(easy, CURLOPT_URL, "http://\(address)\(path)"),
      link_curl_set_web_protocols(easy),
      link_curl_set_data_function(easy, CURLOPT_WRITEFUNCTION, keepBody),
      link_curl_set_pointer(easy, CURLOPT_WRITEDATA, Unmanaged.passUnretained(page).toOpaque()),
      link_curl_set_string(easy, CURLOPT_PROXY, ""),
      link_curl_set_string(easy, CURLOPT_NOPROXY, "*"),
      link_curl_set_long(easy, CURLOPT_NOSIGNAL, 1),
      link_curl_set_long(easy, CURLOPT_TIMEOUT_MS, Int(timeout)),
      link_curl_set_string(easy, CURLOPT_USERAGENT, "linkworker"),
    ]
    if let code = codes.first(where: { $0 != CURLE_OK }) { throw Failure(code) }
    let code = withExtendedLifetime(page) { curl_easy_perform(easy) }
    guard code == CURLE_OK else { throw Failure(code) }
    var status = 0
    link_curl_get_long(easy, CURLINFO_RESPONSE_CODE, &status)
    self.status = status
    body = page.bytes
  }
}

extension HTTPProbe.Failure {
  fileprivate init(_ code: CURLcode) { problem = String(cString: curl_easy_strerror(code)) }
}

/// A body as it comes.
private final class Page {
  var bytes: [UInt8] = []
}

/// Keeps a piece of the body; anything but its length ends the call.
private let keepBody: link_curl_data_function = { data, size, count, context in
  guard let data, let context else { return 0 }
  let page = Unmanaged<Page>.fromOpaque(context).takeUnretainedValue()
  guard page.bytes.count + size * count <= HTTPProbe.bodyLimit else { return 0 }
  page.bytes.append(contentsOf: UnsafeRawBufferPointer(start: data, count: size * count))
  return size * count
}
