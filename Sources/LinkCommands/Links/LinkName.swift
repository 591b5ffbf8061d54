import LinkCore

/// A link's name on the command line: `USER/KEY`, where all after the first `/` is the key.
enum LinkName {
  /// The link that `text` names.
  static func key(_ text: String) throws(CommandFailure) -> LinkKey {
    let subject = quoted(text)
    // By bytes: a slash and an accent that follows it are one character to Swift.
    guard let slash = text.utf8.firstIndex(of: UInt8(ascii: "/")) else {
      throw .usage(subject, "is no link: a link is a user, a slash and the idempotency key", hint: "14601/tv-9b1d")
    }
    let key = String(text[text.utf8.index(after: slash)...])
    guard let user = Invocation.positive(text[..<slash]) else {
      throw .usage(
        subject, "does not begin with a user, which is a whole number from 1 to \(Int64.max)", hint: "14601/\(key)")
    }
    guard !key.isEmpty else {
      throw .usage(
        subject, "has no idempotency key", hint: "14601/tv-9b1d, or linkworker links list --user \(user)")
    }
    return LinkKey(userId: user, idempotencyKey: Text(key))
  }
}
