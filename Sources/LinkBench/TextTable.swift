/// Rows of cells as lines of text: the first column to the left, the others to the right.
enum TextTable {
  /// The lines; every row has as many cells as the first.
  static func lines(_ rows: [[String]]) -> [String] {
    guard let first = rows.first else { return [] }
    let widths = first.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      zip(row, widths).enumerated().map { column, cell in
        let padding = String(repeating: " ", count: cell.1 - cell.0.count)
        return column == 0 ? cell.0 + padding : padding + cell.0
      }.joined(separator: "  ")
    }
  }
}

/// A line that says whether a figure reaches its aim.
func aim(_ name: String, _ value: Double, atLeast limit: Double) -> String {
  "\(value >= limit ? "reached" : "MISSED ")  \(name) \(value.rounded(1)), at least \(limit.rounded(0))"
}

/// A line that says whether a figure reaches its aim.
func aim(_ name: String, _ value: Double, atMost limit: Double) -> String {
  "\(value <= limit ? "reached" : "MISSED ")  \(name) \(value.rounded(1)), at most \(limit.rounded(0))"
}
