extension SettingTable {
  /// All that is known of a setting, for people: its name, then what it does, what it accepts and what to mind.
  static func text(of row: SettingDefinition) -> String {
    var lines = [row.name]
    lines.append(CommandHelp.folded(plain(row.meaning), indent: "    "))
    if !row.interactions.isEmpty { lines.append(CommandHelp.folded(plain(row.interactions), indent: "    ")) }
    if !row.hazard.isEmpty { lines.append(CommandHelp.folded("Mind: " + plain(row.hazard), indent: "    ")) }
    let preset =
      switch row.presence {
      case .required: "required"
      case .optional: "none by default"
      case .preset(let value): "default \(value)"
      }
    lines.append("    accepts: \(plain(row.kind.summary)); \(preset); \(row.environmentName)")
    return lines.joined(separator: "\n")
  }

  /// Without Markdown's marks.
  static func plain(_ text: String) -> String { text.replacing("`", with: "") }
}
