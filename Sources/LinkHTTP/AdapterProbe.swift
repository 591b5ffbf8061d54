import CCurl

/// Asks the adapter whether it is there: one GET of its base address, without the credential and for no token, over a connection that is made as for
/// every call.
public struct AdapterProbe: Sendable {
  /// What came of it.
  public enum Finding: Equatable, Sendable {
    /// An HTTP answer of this status from this address; any status means that the adapter, or a proxy before it, can be reached.
    case answered(status: Int, address: String)
    /// A redirect, which the worker does not follow; to where, as far as it was said.
    case redirected(to: String?)
    /// The certificate, or the adapter's name in it, is not good.
    case untrusted(problem: String, hint: String)
    /// No connection, or no answer in time.
    case unreachable(problem: String, hint: String)
  }

  private let settings: AdapterClientSettings

  /// A probe of the adapter of `settings`, whose credential file is not read.
  public init(_ settings: AdapterClientSettings) { self.settings = settings }

  /// Asks, and waits for the answer or the timeouts of the settings.
  ///
  /// - Throws: `AdapterClientFailure` where the settings or libcurl do not let it be asked.
  public func run() throws(AdapterClientFailure) -> Finding {
    try settings.check()
    guard MultiHandle.isLibraryReady, let easy = curl_easy_init() else { throw failure() }
    defer { curl_easy_cleanup(easy) }
    let text = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))
    text.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    defer { text.deallocate() }
    let isSet = [
      link_curl_set_string(easy, CURLOPT_URL, settings.endpoint.baseURL + "/"),
      link_curl_set_pointer(easy, CURLOPT_ERRORBUFFER, text),
      // The status is enough: at the first byte of a body this ends.
      link_curl_set_data_function(easy, CURLOPT_WRITEFUNCTION) { _, _, _, _ in 0 },
    ].allSatisfy { $0 == CURLE_OK }
    guard isSet, settings.applyConnection(to: easy) else { throw failure() }
    let code = curl_easy_perform(easy)
    var status = 0
    link_curl_get_long(easy, CURLINFO_RESPONSE_CODE, &status)
    if (300..<400).contains(status), status != 304 { return .redirected(to: string(CURLINFO_REDIRECT_URL, of: easy)) }
    if status != 0 { return .answered(status: status, address: address(of: easy)) }
    return explained(code, easy, says: String(cString: text))
  }

  private func failure() -> AdapterClientFailure {
    AdapterClientFailure(
      operation: "try the adapter", subject: "libcurl", problem: "it cannot be initialised",
      hint: "freeing memory and file descriptors")
  }

  private func explained(_ code: CURLcode, _ easy: UnsafeMutableRawPointer, says: String) -> Finding {
    let detail = (says.isEmpty ? String(cString: curl_easy_strerror(code)) : says).visible
    switch code {
    case CURLE_PEER_FAILED_VERIFICATION:
      var verdict = 0
      link_curl_get_long(easy, CURLINFO_SSL_VERIFYRESULT, &verdict)
      return .untrusted(problem: detail, hint: certificateHint(verdict, detail))
    case CURLE_SSL_CONNECT_ERROR:
      return .unreachable(
        problem: detail, hint: "check the port and that TLS is spoken there; where it is not, an http address")
    case CURLE_COULDNT_RESOLVE_HOST:
      return .unreachable(problem: detail, hint: "check the host's name in adapter.url and this machine's DNS")
    case CURLE_COULDNT_CONNECT:
      return .unreachable(
        problem: detail, hint: "check host and port in adapter.url, firewalls, and that the adapter runs")
    case CURLE_OPERATION_TIMEDOUT:
      return .unreachable(
        problem: detail, hint: "check host, port and firewalls; where it is slow, raise adapter.connect.timeout.ms")
    case CURLE_GOT_NOTHING, CURLE_RECV_ERROR, CURLE_UNSUPPORTED_PROTOCOL, CURLE_WEIRD_SERVER_REPLY:
      return .unreachable(
        problem: detail, hint: "check the port: what listens there speaks no HTTP, or wants TLS and an https address")
    default:
      return .unreachable(problem: detail, hint: "check adapter.url")
    }
  }

  /// By the numbers of OpenSSL's `X509_V_ERR_…`; that the name does not fit libcurl finds by itself.
  private func certificateHint(_ verdict: Int, _ detail: String) -> String {
    switch verdict {
    case _ where detail.contains("subject name"):
      "use the name in adapter.url that stands in the adapter's certificate, or have a certificate made for this one"
    case 9: "check this machine's clock: the certificate is not valid yet"
    case 10: "have the adapter's certificate renewed, or check this machine's clock"
    case 18, 19, 20, 21:
      settings.caPath == nil
        ? "set adapter.ca.file to the certificate of the adapter's own authority"
        : "put the authority that signed the adapter's certificate into adapter.ca.file"
    default: "have the adapter's certificate looked at"
    }
  }

  private func address(of easy: UnsafeMutableRawPointer) -> String {
    var port = 0
    link_curl_get_long(easy, CURLINFO_PRIMARY_PORT, &port)
    let host = string(CURLINFO_PRIMARY_IP, of: easy) ?? ""
    return (host.contains(":") ? "[\(host)]" : host) + ":\(port)"
  }

  private func string(_ info: CURLINFO, of easy: UnsafeMutableRawPointer) -> String? {
    var text: UnsafeMutablePointer<CChar>?
    guard link_curl_get_pointer(easy, info, &text) == CURLE_OK, let text else { return nil }
    return String(cString: text).visible
  }
}

extension String {
  /// Short and in printable ASCII: it may quote the peer.
  fileprivate var visible: String {
    String(String.UnicodeScalarView(unicodeScalars.prefix(300).map { (0x20..<0x7F).contains($0.value) ? $0 : "?" }))
  }
}
