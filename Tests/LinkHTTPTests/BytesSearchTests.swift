import Testing

@testable import LinkHTTP

@Suite("Bytes within bytes")
struct BytesSearchTests {
  @Test(
    "are found at the start, in the middle, at the end and after a false start, and nowhere else",
    arguments: [
      ("abcdef", "abc", true), ("abcdef", "cd", true), ("abcdef", "def", true), ("abcdef", "f", true),
      ("aabaac", "aac", true), ("abcabd", "abd", true), ("abcdef", "", true), ("", "", true), ("abc", "abc", true),
      ("", "a", false), ("abc", "abcd", false), ("abcdef", "ce", false), ("ababab", "abb", false),
      ("xxxa", "ab", false),
    ])
  func finds(whole: String, part: String, isThere: Bool) {
    #expect(Array(whole.utf8).contains(Array(part.utf8)) == isThere)
  }
}
