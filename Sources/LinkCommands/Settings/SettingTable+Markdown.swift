extension SettingTable {
  /// The table as the README has it between its markers `<!-- settings -->` and `<!-- /settings -->`.
  public static func markdown() -> String {
    var lines = ["| setting | accepts | default | meaning |", "|---|---|---|---|"]
    for row in all {
      let preset =
        switch row.presence {
        case .required: "**required**"
        case .optional: "none"
        case .preset(let value): "`\(value)`"
        }
      var meaning = row.meaning
      if !row.interactions.isEmpty { meaning += " " + row.interactions }
      if !row.hazard.isEmpty { meaning += " **Mind:** " + row.hazard }
      lines.append("| `\(row.name)` | \(row.kind.summary) | \(preset) | \(meaning) |")
    }
    lines.append(
      "| `kafka.`… | librdkafka's own | its own | Every other property of librdkafka passes through without the prefix, for instance "
        + "`kafka.security.protocol`. |")
    let owned = KafkaProperty.owned.keys.sorted().map { "`kafka.\($0)`" }.joined(separator: ", ")
    return lines.joined(separator: "\n") + "\n\nRefused, because the worker sets them itself: \(owned).\n"
  }
}
