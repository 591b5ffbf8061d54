import LinkCore
import LinkOps

/// A link as a line of `links list`, ready to be written: much smaller than the link itself. Pure.
struct LinkListing {
  /// By which lines are sorted.
  let key: LinkKey
  /// The line without its end.
  let line: [UInt8]

  /// A line of text or of JSON.
  init(_ link: Link, isJSON: Bool) {
    key = link.key
    line = isJSON ? Self.json(link) : Array(Self.text(link).utf8)
  }

  /// What stands above the lines of text.
  static let heading = text("STATE", "DECIDED", "CALLS", "REPLAY", "CODE OR DUE", "LINK  BROKERS")

  private static func text(_ link: Link) -> String {
    let note =
      switch link.state {
      case .scheduled(let due): "due \(due.rfc3339)"
      case .succeeded: "-"
      case .failed(_, let code): code.rawValue
      }
    var name = LogText.escaped(link.key.description)
    if let brokers = link.request?.scope.brokerNames {
      name += "  " + brokers.map { LogText.escaped($0.string) }.joined(separator: ", ")
    }
    return text(
      link.stateName.rawValue, link.decidedAt.rfc3339, String(link.attemptCount), String(link.replay), note, name)
  }

  /// What has any length comes last, so that the columns before it stay in line.
  private static func text(
    _ state: String, _ decided: String, _ calls: String, _ replay: String, _ note: String, _ name: String
  ) -> String {
    func room(_ text: String, _ width: Int) -> String {
      String(repeating: " ", count: max(0, width - text.utf8.count))
    }
    return state + room(state, 11) + decided + room(decided, 24) + room(calls, 7) + calls + room(replay, 8) + replay
      + "  " + note + room(note, 30) + name
  }

  private static func json(_ link: Link) -> [UInt8] {
    var json = JSONWriter(capacity: 384)
    json.beginObject()
    json.members(of: link)
    if let names = link.request?.scope.brokerNames {
      json.name("brokerNames")
      json.beginArray()
      for name in names { json.string(name) }
      json.endArray()
    }
    json.endObject()
    return json.bytes
  }
}
