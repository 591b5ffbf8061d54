import Glibc

/// A question at the terminal that has to be answered with yes.
struct Question {
  let console: Console

  /// Whether there is a terminal on both sides: somebody to read the question, and to answer it.
  static func canBeAsked(_ console: Console) -> Bool { isatty(STDIN_FILENO) == 1 && isatty(console.errors) == 1 }

  /// Asks; only `y` or `yes` is yes. `isStopped` ends the waiting with no.
  func ask(_ text: String, isStopped: () -> Bool) throws(CommandFailure) -> Bool {
    console.write(Array("\(text) [y/N] ".utf8), to: console.errors)
    var reader = try LineReader("-", lineByteLimit: 1024)
    while !isStopped() {
      switch try reader.next(waiting: 100) {
      case .nothingYet: continue
      case .end: return false
      case .line(let line):
        let word = String(decoding: line.bytes, as: UTF8.self).trimmingSpaces.lowercased()
        return word == "y" || word == "yes"
      }
    }
    console.write(Array("\n".utf8), to: console.errors)
    return false
  }
}

extension String {
  fileprivate var trimmingSpaces: String {
    let isSpace = { (character: Character) in character == " " || character == "\t" || character == "\r" }
    return String(drop(while: isSpace).reversed().drop(while: isSpace).reversed())
  }
}
