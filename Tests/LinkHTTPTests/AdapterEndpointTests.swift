import LinkHTTP
import Testing

@Suite("The adapter's URL")
struct AdapterEndpointTests {
  @Test(
    "A base URL gets the path of the call, whether it ends in a slash or not",
    arguments: [
      ("http://h", "http://h/generate/token"), ("http://h/", "http://h/generate/token"),
      ("https://h:8443/a/b//", "https://h:8443/a/b/generate/token"), ("HTTP://h:1", "HTTP://h:1/generate/token"),
      ("http://[::1]:8080", "http://[::1]:8080/generate/token"),
    ])
  func good(_ url: String, _ expected: String) throws {
    let endpoint = try AdapterEndpoint(url: url)
    #expect(endpoint.tokenURL == expected)
    #expect(endpoint.isEncrypted == url.lowercased().hasPrefix("https"))
  }

  @Test(
    "What is no http or https URL, or would hide a secret or lose a part, is refused without being repeated",
    arguments: [
      "", "h:80", "ftp://h", "file:///h", "//h", "http://", "http:///p", "http://user:s3cret@h", "http://user@h",
      "http://h?s3cret",
      "http://h/?", "http://h#s3cret", "http://h/p#", "http://h:99999", "http://h:x", "http://h h", "http://h\n",
      "http://é",
      " http://h", "http://h/" + String(repeating: "s3cret", count: 400),
    ])
  func bad(_ url: String) {
    let failure = #expect(throws: AdapterClientFailure.self) { try AdapterEndpoint(url: url) }
    #expect(failure?.subject == "adapter.url")
    #expect(failure?.description.contains("s3cret") == false)
  }
}
