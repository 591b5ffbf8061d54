import LinkCore

extension CommandDefinition {
  /// The definition as one line of JSON, for `help --json`: what another program needs to call the command, or to describe it.
  var json: String {
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("name", name)
    writer.member("group", group.rawValue)
    writer.member("summary", summary)
    writer.member("about", about)
    writer.member("usage", "linkworker \(synopsis)")
    writer.list("options", allOptions) { writer, option in
      writer.beginObject()
      writer.member("name", option.name)
      if let value = option.value { writer.member("value", value) }
      writer.name("repeatable")
      writer.boolean(option.isRepeatable)
      writer.member("meaning", option.meaning)
      writer.endObject()
    }
    writer.list("operands", operands) { writer, operand in
      writer.beginObject()
      writer.member("name", operand.name)
      writer.name("optional")
      writer.boolean(operand.isOptional)
      writer.name("repeatable")
      writer.boolean(operand.isRepeatable)
      writer.endObject()
    }
    writer.list("settings", SettingTable.all.filter { settings?.needs($0.name) ?? false }) { $0.string($1.name) }
    writer.list("examples", examples) { $0.string($1) }
    if let readyText { writer.member("readyText", readyText) }
    writer.list("exitCodes", allExitCodes) { writer, code in
      writer.beginObject()
      writer.name("code")
      writer.integer(Int64(code.rawValue))
      writer.member("meaning", code.meaning)
      writer.endObject()
    }
    writer.endObject()
    return String(decoding: writer.bytes, as: UTF8.self)
  }
}

extension JSONWriter {
  fileprivate mutating func list<Item>(
    _ name: StaticString, _ items: [Item], _ write: (inout JSONWriter, Item) -> Void
  ) {
    self.name(name)
    beginArray()
    for item in items { write(&self, item) }
    endArray()
  }
}
