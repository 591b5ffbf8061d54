extension MetricTable {
  /// The table as the README has it between its markers `<!-- metrics -->` and `<!-- /metrics -->`.
  package static func markdown() -> String {
    var lines = ["| metric | kind | labels | meaning |", "|---|---|---|---|"]
    for row in all {
      lines.append("| `\(row.name)` | \(row.kind.name) | \(row.labels.markdown) | \(row.help) |")
    }
    return lines.joined(separator: "\n") + "\n"
  }
}

extension MetricDefinition.Labels {
  fileprivate var markdown: String {
    switch self {
    case .none: ""
    case .values(let name, let values): "`\(name)`: " + values.map { "`\($0)`" }.joined(separator: ", ")
    case .rows(let names, let rows):
      names.enumerated().map { index, name in
        var values: [String] = []
        for row in rows where !row[index].isEmpty && !values.contains(row[index]) { values.append(row[index]) }
        return "`\(name)`: " + values.map { "`\($0)`" }.joined(separator: ", ")
      }.joined(separator: "; ")
    case .program(let names): names.map { "`\($0)`" }.joined(separator: ", ")
    }
  }
}
