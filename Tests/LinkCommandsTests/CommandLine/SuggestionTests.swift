import Testing

@testable import LinkCommands

@Suite("Suggestions")
struct SuggestionTests {
  @Test(
    "find the name that was meant, and none where nothing is near",
    arguments: [
      ("rnu", "run"), ("runn", "run"), ("ru", "run"), ("RUN", "run"), ("topisc", "topics"),
      ("adapter_emulator", "adapter-emulator"), ("adpter-emulatro", "adapter-emulator"), ("xyz", nil), ("", nil),
      ("sandboxes-of-all-kinds", nil),
    ])
  func nearest(name: String, expected: String?) {
    #expect(Suggestion.nearest(to: name, among: ["run", "sandbox", "topics", "adapter-emulator"]) == expected)
  }

  @Test("are quick to refuse what is long")
  func long() {
    #expect(Suggestion.nearest(to: String(repeating: "a", count: 1_000_000), among: ["run"]) == nil)
  }
}
