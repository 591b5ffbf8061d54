import LinkCore

extension EffectiveSetting {
  /// For people: `name = value  (origin)`.
  var line: String {
    let text =
      switch value {
      case .shown(let text): "= \(CommandFailure.Line.inOneLine(text))"
      case .secret: "is set"
      case .unset: "is not set"
      }
    // What has no value comes from nowhere.
    return "\(name) \(text)" + (value == .unset ? "" : "  (\(origin))")
  }

  /// For programs: one JSON object. A secret has no `value`, only `isSet`.
  var json: String {
    var writer = JSONWriter()
    writer.beginObject()
    writer.name("setting")
    writer.string(name)
    writer.name("isSet")
    writer.boolean(value != .unset)
    if case .shown(let text) = value {
      writer.name("value")
      writer.string(text)
    }
    if value != .unset { writeOrigin(to: &writer) }
    writer.name("isValid")
    writer.boolean(!isFaulty)
    writer.endObject()
    return String(decoding: writer.bytes, as: UTF8.self)
  }

  private func writeOrigin(to writer: inout JSONWriter) {
    writer.name("origin")
    switch origin {
    case .preset: writer.string("default" as String)
    case .argument: writer.string("argument" as String)
    case .environment(let variable):
      writer.string("environment" as String)
      writer.name("variable")
      writer.string(variable)
    case .file(let path, let line):
      writer.string("file" as String)
      writer.name("file")
      writer.string(path)
      writer.name("line")
      writer.integer(Int64(line))
    }
  }
}
