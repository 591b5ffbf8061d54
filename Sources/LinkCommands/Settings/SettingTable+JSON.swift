import LinkCore

extension SettingTable {
  /// All that is known of a setting, for programs: one JSON object in one line.
  static func json(of row: SettingDefinition) -> String {
    var writer = JSONWriter()
    writer.beginObject()
    func member(_ name: StaticString, _ value: String) {
      writer.name(name)
      writer.string(value)
    }
    member("setting", row.name)
    writeKind(row.kind, to: &writer)
    writer.name("required")
    writer.boolean(row.presence == .required)
    writer.name("default")
    if case .preset(let value) = row.presence { writer.string(value) } else { writer.verbatim(Array("null".utf8)) }
    member("environment", row.environmentName)
    member("meaning", row.meaning)
    if !row.interactions.isEmpty { member("interactions", row.interactions) }
    if !row.hazard.isEmpty { member("hazard", row.hazard) }
    writer.endObject()
    return String(decoding: writer.bytes, as: UTF8.self)
  }

  private static func writeKind(_ kind: SettingKind, to writer: inout JSONWriter) {
    func range(_ least: Int64, _ most: Int64, _ unit: String) {
      writer.name("unit")
      writer.string(unit)
      writer.name("minimum")
      writer.integer(least)
      writer.name("maximum")
      writer.integer(most)
    }
    writer.name("type")
    switch kind {
    case .text: writer.string("text" as String)
    case .topic: writer.string("topic" as String)
    case .servers: writer.string("servers" as String)
    case .boolean: writer.string("boolean" as String)
    case .file: writer.string("file" as String)
    case .secretFile: writer.string("secret-file" as String)
    case .directory: writer.string("directory" as String)
    case .url: writer.string("url" as String)
    case .listenAddress: writer.string("listen-address" as String)
    case .statuses: writer.string("statuses" as String)
    case .texts: writer.string("texts" as String)
    case .integer(let limits, let unit):
      writer.string("integer" as String)
      range(Int64(limits.lowerBound), Int64(limits.upperBound), unit)
    case .duration(let limits):
      writer.string("integer" as String)
      range(limits.lowerBound, limits.upperBound, "ms")
    case .choice(let words):
      writer.string("choice" as String)
      writer.name("choices")
      writer.beginArray()
      for word in words { writer.string(word) }
      writer.endArray()
    }
  }
}
