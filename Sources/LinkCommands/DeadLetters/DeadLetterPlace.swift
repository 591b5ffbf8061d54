import LinkCore

/// Places of records as they are typed: `PARTITION/OFFSET`.
enum DeadLetterPlace {
  /// The place of a dead letter.
  static func parse(_ text: String) throws(CommandFailure) -> AuditPlace {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, let partition = number(parts[0]).flatMap({ Int32(exactly: $0) }),
      let offset = number(parts[1]),
      // More than any log has, and than a place holds.
      offset < 1 << 44
    else {
      throw .usage(
        quoted(text), "is no place: a partition, a slash and an offset", hint: "linkworker dead-letters list")
    }
    return AuditPlace(partition: partition, offset: offset)
  }

  /// A whole number from 0 on.
  static func number(_ text: some StringProtocol) -> Int64? {
    guard !text.isEmpty, text.utf8.allSatisfy({ 0x30...0x39 ~= $0 }) else { return nil }
    return Int64(text)
  }
}
