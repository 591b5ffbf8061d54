/// What can stand where the cursor is.
struct CompletionAnswer: Hashable, Sendable {
  /// Words, in the order of the tables.
  var candidates: [Candidate] = []
  /// Paths, which the shell knows better how to find and to quote; nil: none.
  var paths: Paths?

  /// A word that can stand there.
  struct Candidate: Hashable, Sendable {
    /// All of the word, with what is typed of it already.
    var text: String
    /// What it means, on one line; shells that can show it do.
    var meaning: String
    /// Whether the word is complete; if not, more follows without a blank.
    var isWhole = true
  }

  /// Paths that can stand there.
  struct Paths: Hashable, Sendable {
    /// Whether only directories can.
    var areDirectories: Bool
    /// What stands before the path in the same word, for instance `--config=`.
    var prefix: String
  }

  /// As the scripts of the shells read it: lines of fields parted by tabs, the first of which is `word`, `part` (of a word), `files` or
  /// `directories`.
  var lines: [String] {
    candidates.map { "\($0.isWhole ? "word" : "part")\t\($0.text)\t\($0.meaning)" }
      + (paths.map { ["\($0.areDirectories ? "directories" : "files")\t\($0.prefix)\t"] } ?? [])
  }
}
