import CCurl

extension AdapterClientSettings {
  /// Tells a handle of libcurl's how every connection to the adapter is made, whether for a call or to try it out; false where it refuses.
  func applyConnection(to easy: UnsafeMutableRawPointer) -> Bool {
    let codes = [
      link_curl_set_web_protocols(easy),
      link_curl_set_long(easy, CURLOPT_FOLLOWLOCATION, 0),
      link_curl_set_string(easy, CURLOPT_PROXY, ""),
      link_curl_set_string(easy, CURLOPT_NOPROXY, "*"),
      link_curl_set_long(easy, CURLOPT_NOSIGNAL, 1),
      link_curl_set_long(easy, CURLOPT_TCP_NODELAY, 1),
      link_curl_set_long(easy, CURLOPT_CONNECTTIMEOUT_MS, Int(connectTimeout)),
      link_curl_set_long(easy, CURLOPT_TIMEOUT_MS, Int(totalTimeout)),
      // One call a connection: with HTTP/2 a connection that dies would lose every call that shares it.
      link_curl_set_long(easy, CURLOPT_HTTP_VERSION, link_curl_http_1_1),
      link_curl_set_long(easy, CURLOPT_SSL_VERIFYPEER, 1),
      link_curl_set_long(easy, CURLOPT_SSL_VERIFYHOST, 2),
      link_curl_set_long(easy, CURLOPT_SSLVERSION, link_curl_ssl_1_2),
      link_curl_set_string(easy, CURLOPT_USERAGENT, "linkworker"),
    ]
    guard codes.allSatisfy({ $0 == CURLE_OK }) else { return false }
    guard endpoint.isEncrypted, let caPath else { return true }
    // Without the folder of the system's authorities, or those would be trusted besides.
    return link_curl_set_string(easy, CURLOPT_CAINFO, caPath) == CURLE_OK
      && link_curl_set_pointer(easy, CURLOPT_CAPATH, nil) == CURLE_OK
  }
}
