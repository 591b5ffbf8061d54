import LinkCore
import LinkHTTP
import Testing

@Suite("The Retry-After header")
struct RetryAfterTests {
  @Test(
    "Seconds are a delay, absurd ones at most a year",
    arguments: [
      ("0", 0), ("1", 1_000), (" 120 ", 120_000), ("00007", 7_000), ("31536000", 31_536_000_000),
      ("31536001", 31_536_000_000), ("99999999999999999999999999", 31_536_000_000),
    ])
  func seconds(_ value: String, _ expected: Milliseconds) {
    #expect(RetryAfter(header: value) == .delay(expected))
  }

  @Test(
    "A date is one in any of the three forms of HTTP",
    arguments: [
      "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
    ])
  func dates(_ value: String) {
    #expect(RetryAfter(header: value) == .date(Timestamp(milliseconds: 784_111_777_000)))
  }

  @Test("A date at the end of time is held to the year 9999")
  func farDate() throws {
    let read = RetryAfter(header: "Fri, 31 Dec 9999 23:59:59 GMT")
    #expect(read == .date(Timestamp(milliseconds: 253_402_300_799_000)))
  }

  @Test(
    "Anything else is not one",
    arguments: [
      "", " ", "-1", "+5", "1.5", "5 s", "0x10", "tomorrow", "Sun", "Sunday", "1994-11-06T08:49:37Z",
      "Sun, 99 Nov 1994 08:49:37 GMT",
      "Sun, 06 Nov 1994 99:49:37 GMT", String(repeating: "9", count: 65),
    ])
  func nonsense(_ value: String) {
    #expect(RetryAfter(header: value) == nil)
  }
}
