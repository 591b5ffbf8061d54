import LinkCore
import LinkCrypto

/// What holds the replay requests of one undertaking together: a name, of which each event's id is made. Whoever knows it can go on with the
/// job, from any machine. Pure.
struct ReplayJob: Equatable, Sendable {
  /// 1-100 letters, digits, dots, dashes and underscores.
  let name: String
  /// When it began, where the name says so.
  let began: Timestamp?

  private static let prefix = "replay-"
  private static let nameLimit = 100
  private static let idLimit = 255

  /// A new job.
  ///
  /// - Parameter random: Tells it from others of the same second.
  init(began: Timestamp, random: UInt32) {
    let seconds = began.milliseconds - began.milliseconds % 1000
    let moment = Timestamp(milliseconds: seconds)
    // 2026-11-24T15:34:21Z without its marks.
    let digits = moment.rfc3339.prefix(19).filter { $0 != "-" && $0 != ":" }
    name = "\(Self.prefix)\(digits)Z-\(String(random, radix: 36))"
    self.began = moment
  }

  /// The job of a name that was given; nil where it cannot be one.
  init?(name: String) {
    let isWord = name.utf8.allSatisfy { byte in
      0x30...0x39 ~= byte || 0x41...0x5A ~= byte || 0x61...0x7A ~= byte || "._-".utf8.contains(byte)
    }
    guard isWord, 1...Self.nameLimit ~= name.utf8.count else { return nil }
    self.name = name
    began = Self.moment(in: name)
  }

  /// The moment in `replay-20261124T153421Z-1x`; nil where there is none.
  private static func moment(in name: String) -> Timestamp? {
    guard name.hasPrefix(prefix) else { return nil }
    let text = Array(name.dropFirst(prefix.count).prefix(16))
    guard text.count == 16, text[15] == "Z" else { return nil }
    let parts = [text[0..<4], text[4..<6], text[6..<8], text[8..<11], text[11..<13], text[13..<16]].map { String($0) }
    let (date, hour) = (parts[0...2].joined(separator: "-"), parts[3])
    return Timestamp(rfc3339: Array("\(date)\(hour):\(parts[4]):\(parts[5])".utf8))
  }

  /// The events' `source`.
  var source: Text { Text("/linkworker/replay/\(name)") }

  /// The event's id for a link: the same however often it is made.
  func id(for key: LinkKey) -> Text {
    let id = Text("\(name)/\(key)")
    // A key that is made of source and id may have 511 characters.
    guard id.characterCount > Self.idLimit else { return id }
    let digits = sha256(key.idempotencyKey.utf8).description
    return Text("\(name)/\(key.userId)/sha256:\(digits)")
  }
}
