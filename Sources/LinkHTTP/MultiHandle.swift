import CCurl

/// Owns libcurl's multi handle.
///
/// Unchecked: the handle is a raw pointer. Only `wake` is called from any thread, which libcurl allows (curl_multi_wakeup(3)); everything
/// else is done by the client's thread.
final class MultiHandle: @unchecked Sendable {
  let pointer: UnsafeMutableRawPointer

  /// libcurl's global state is made once a process, before any handle, and stays.
  static let isLibraryReady = curl_global_init(link_curl_global_all) == CURLE_OK

  init(settings: AdapterClientSettings) throws(AdapterClientFailure) {
    func failure(_ problem: String, _ hint: String) -> AdapterClientFailure {
      AdapterClientFailure(operation: "start the adapter client", subject: "libcurl", problem: problem, hint: hint)
    }
    guard Self.isLibraryReady, let made = curl_multi_init() else {
      throw failure("it cannot be initialised", "freeing memory and file descriptors")
    }
    pointer = made
    // As many connections are kept as calls may run: with fewer, each burst would connect anew.
    link_curl_multi_set_long(pointer, CURLMOPT_MAXCONNECTS, settings.concurrency)
    if settings.endpoint.isEncrypted, link_curl_has_tls() == 0 {
      throw failure("it was built without TLS", "a libcurl with TLS, or an adapter at an http URL")
    }
  }

  /// Ends the wait of the client's thread, now or the next one.
  func wake() { curl_multi_wakeup(pointer) }

  deinit { curl_multi_cleanup(pointer) }
}
