import LinkCore

/// Values of options that have a meaning of their own.
extension Invocation {
  /// The words of a repeatable option, each one of those that there are.
  func words<Word: RawRepresentable & CaseIterable>(
    _ option: String, of words: Word.Type
  ) throws(CommandFailure) -> [Word] where Word.RawValue == String {
    var found: [Word] = []
    let known = Word.allCases.map(\.rawValue)
    for text in all(option) {
      guard let word = Word(rawValue: text) else {
        let (reason, hint) = Suggestion.unknown(
          "\(quoted(text)) is none of those there are", text, among: known, otherwise: known.joined(separator: ", "))
        throw .usage(option, reason, hint: hint)
      }
      found.append(word)
    }
    return found
  }

  /// The moment that an option gives, as RFC 3339 has it or so long ago; nil where it was not given.
  ///
  /// - Parameter wall: The calendar's time.
  func moment(_ option: String, now wall: Timestamp) throws(CommandFailure) -> Timestamp? {
    guard let text = value(option) else { return nil }
    if let span = TimeSpan.milliseconds(text) { return wall + -span }
    guard let moment = Timestamp(rfc3339: Array(text.utf8)) else {
      throw .usage(
        option, "\(quoted(text)) is neither a moment with its offset from UTC nor a length of time",
        hint: "\(option) 2h, or \(option) \(wall.rfc3339)")
    }
    return moment
  }

  /// The moments from which and up to which something is wanted, as `--since` and `--until` give them.
  func span(now wall: Timestamp) throws(CommandFailure) -> (since: Timestamp?, until: Timestamp?) {
    let (since, until) = (try moment("--since", now: wall), try moment("--until", now: wall))
    if let since, let until, since >= until {
      throw .usage("--since", "is not before --until: nothing lies between", hint: "--since 2h --until 1h")
    }
    return (since, until)
  }
}
