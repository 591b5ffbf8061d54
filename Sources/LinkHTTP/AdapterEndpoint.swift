import CCurl

/// Where the adapter is: its base URL, checked, and the URL of the one call that is made.
public struct AdapterEndpoint: Hashable, Sendable {
  /// The base itself, without a slash at its end.
  let baseURL: String
  /// The URL of `POST /generate/token`.
  public let tokenURL: String
  /// Whether the calls go over TLS.
  public let isEncrypted: Bool

  /// The adapter at a base URL (`adapter.url`), to which `/generate/token` is added.
  ///
  /// Only `http` and `https`; a path is kept and its trailing slash dropped; user information, query and fragment are refused, since
  /// they would be lost or would carry a secret past the credential file. The failure never repeats the URL.
  public init(url: String, setting: String = "adapter.url") throws(AdapterClientFailure) {
    func failure(_ problem: String, _ hint: String) -> AdapterClientFailure {
      AdapterClientFailure(operation: "use the adapter's URL", subject: setting, problem: problem, hint: hint)
    }
    let example = "a URL such as https://adapter.example:8443"
    guard !url.isEmpty, url.utf8.count <= 2048 else {
      throw failure("it is empty or longer than 2048 bytes", example)
    }
    guard url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
      throw failure("it has a space, a control character or a letter beyond ASCII", example)
    }
    guard let scheme = ["http", "https"].first(where: { url.lowercased().hasPrefix($0 + "://") }) else {
      throw failure("its scheme is neither http nor https", example)
    }
    guard !url.contains("?") else { throw failure("it has a query", "the URL without what follows the question mark") }
    guard !url.contains("#") else { throw failure("it has a fragment", "the URL without what follows the number sign") }
    guard !url.contains("@") else {
      throw failure("it has user information", "the URL alone, and the credential in the credential file")
    }
    // libcurl would take the first part of the path of http:///p for the host.
    guard !url.dropFirst(scheme.count + 3).hasPrefix("/"), Self.hasHost(url) else {
      throw failure("it is not a valid URL, or its host or port is not", example)
    }

    var base = Substring(url)
    while base.hasSuffix("/") { base = base.dropLast() }
    baseURL = String(base)
    tokenURL = base + "/generate/token"
    isEncrypted = scheme == "https"
  }

  /// Whether libcurl, which will use it, takes it for a URL with a host.
  private static func hasHost(_ url: String) -> Bool {
    guard let parser = curl_url() else { return false }
    defer { curl_url_cleanup(parser) }
    guard curl_url_set(parser, CURLUPART_URL, url, 0) == CURLUE_OK else { return false }
    var host: UnsafeMutablePointer<CChar>?
    guard curl_url_get(parser, CURLUPART_HOST, &host, 0) == CURLUE_OK, let host else { return false }
    defer { curl_free(host) }
    return host.pointee != 0
  }
}
