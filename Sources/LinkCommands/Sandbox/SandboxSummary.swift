import LinkCore

/// What a sandbox says at its end: each sample's end beside the expected one, and all that happened in numbers. Pure.
enum SandboxSummary {
  /// The numbers.
  static func lines(_ board: LinkBoard) -> [StyledLine] {
    let count = board.count
    func sum(_ counts: [String: Int]) -> Int { counts.values.reduce(0, +) }
    let open = count.links - count.tokens - sum(count.failed)
    var rows: [(String, String)] = [
      ("requests", "\(count.requests)"),
      ("links", "\(count.links): \(count.tokens) with a token, \(sum(count.failed)) failed\(codes(count.failed))"),
      ("refused", "\(sum(count.refused))\(codes(count.refused))"),
      ("dead letters", "\(sum(count.deadLetters))\(codes(count.deadLetters))"),
      ("duplicates", "\(count.duplicates)"), ("moved", "\(count.moved)"),
      ("calls", "\(count.calls)\(perLink(count))"),
    ]
    if open > 0 { rows[1].1 += ", \(open) not at the end" }
    if count.skipped > 0 { rows.append(("passed over", "\(count.skipped)")) }
    if let waits = count.waits {
      rows.append(
        (
          "request to outcome",
          "p50 \(waits.median.forPeople), p99 \(waits.most.forPeople), of \(waits.count)"
        ))
    }
    let width = rows.map(\.0.count).max() ?? 0
    return [StyledLine("Summary", .bold)]
      + rows.map { name, value in
        var line = StyledLine("  \(name)", .dim)
        line.pad(to: width + 4)
        line.append(value)
        return line
      }
  }

  /// Columns of a cell at most: the table fits into a terminal of 80.
  private static let cellWidth = 58

  /// The table of what was expected and, where it is not the same, what came.
  static func table(_ rows: [Scoreboard.Row]) -> [StyledLine] {
    var table = [["sample", "expected", "ok?"]]
    for row in rows {
      let expected = cells(row.sample.expected, otherwise: silence)
      let came = row.isAsExpected ? [] : cells(row.came, otherwise: "nothing").map { "came: \($0)" }
      for (index, cell) in (expected + came).enumerated() {
        table.append([
          index == 0 ? row.sample.name : "", StyledLine(cell).cut(to: cellWidth).text,
          index > 0 ? "" : row.isAsExpected ? "yes" : "NO",
        ])
      }
    }
    let widths = table[0].indices.map { column in table.map { $0[column].columnCount }.max() ?? 0 }
    return table.enumerated().map { index, cells in
      var line = StyledLine()
      var column = 2
      for (cell, width) in zip(cells, widths) {
        if !cell.isEmpty {
          line.pad(to: column)
          line.append(cell, index == 0 ? .bold : cell == "yes" ? .green : cell == "NO" ? .red : nil)
        }
        column += width + 2
      }
      return line
    }
  }

  /// One sentence on the samples.
  static func verdict(_ board: Scoreboard) -> StyledLine {
    let different = board.rows.filter { !$0.isAsExpected }.map(\.sample.name)
    let names = different.joined(separator: ", ")
    if different.isEmpty { return StyledLine("All \(board.rows.count) samples ended as expected.", .green) }
    guard board.isSettled else {
      return StyledLine("Stopped before all samples had ended; not seen to the end: \(names).", .yellow)
    }
    return StyledLine("\(different.count) of \(board.rows.count) samples did not end as expected: \(names).", .red)
  }

  // MARK: - Helpers

  /// What a request that is known already ends in.
  private static let silence = "no event, no further call"

  private static func cells(_ sights: some Collection<Sight>, otherwise: String) -> [String] {
    sights.isEmpty ? [otherwise] : sights.map { $0.description.plain(limit: 80) }.sorted()
  }

  /// ` (adapter_rejected 1, user_forbidden 2)`
  private static func codes(_ counts: [String: Int]) -> String {
    guard !counts.isEmpty else { return "" }
    let list = counts.sorted { $0.key < $1.key }.map { "\($0.key.plain(limit: 40)) \($0.value)" }
    return " (\(list.joined(separator: ", ")))"
  }

  /// `, 1.4 a link`
  private static func perLink(_ count: SandboxCount) -> String {
    guard count.links > 0 else { return "" }
    let tenths = (count.calls * 10 + count.links / 2) / count.links
    return ", \(tenths / 10).\(tenths % 10) a link"
  }
}
