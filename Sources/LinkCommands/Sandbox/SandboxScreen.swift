import LinkCore

/// What the live view shows: a title, one row a request, and a line of counts, in a terminal's width and height. Pure.
struct SandboxScreen: Sendable {
  /// What runs where.
  var title: StyledLine
  /// Columns of the terminal.
  var width: Int
  /// Its lines.
  var height: Int
  /// The widest name that was shown, so that the columns stay where they are.
  private var nameWidth = 10
  private var subjectWidth = 8

  init(title: StyledLine, width: Int, height: Int) {
    self.title = title
    self.width = width
    self.height = height
  }

  /// Rows for which there is room beside title, counts and the line on which the cursor rests.
  var rowLimit: Int { max(1, height - 4) }

  /// Lets rows go that have ended and have no room; what remains of each is a line for the scrollback.
  mutating func scroll(_ board: inout LinkBoard, to limit: Int? = nil, now: Timestamp) -> [StyledLine] {
    var lines: [StyledLine] = []
    while board.order.count > limit ?? rowLimit, let row = board.takeEnded() { lines.append(line(row, now: now)) }
    return lines
  }

  /// All lines.
  mutating func lines(_ board: LinkBoard, now: Timestamp) -> [StyledLine] {
    let shown = board.order.prefix(board.order.count > rowLimit ? rowLimit - 1 : rowLimit).compactMap { board.rows[$0] }
    for row in shown { widen(for: row) }
    var lines = [title.cut(to: width)] + shown.map { line($0, now: now) }
    if board.order.isEmpty { lines.append(StyledLine("  \(Self.silence(board))", .dim).cut(to: width)) }
    let hidden = board.order.count - shown.count
    if hidden > 0 { lines.append(StyledLine("  and \(hidden) more", .dim).cut(to: width)) }
    lines.append(Self.counts(board).cut(to: width))
    return lines
  }

  /// One request's row.
  mutating func line(_ row: LinkRow, now: Timestamp) -> StyledLine {
    widen(for: row)
    let (mark, style) = Self.mark(row)
    var line = StyledLine(mark + " ", style)
    line.append(row.name.cut(toColumns: nameWidth), .bold)
    line.pad(to: nameWidth + 3)
    line.append(row.subject.cut(toColumns: subjectWidth), .dim)
    line.pad(to: nameWidth + subjectWidth + 4)
    line.append(Self.way(row, now: now, width: width - line.width))
    return line.cut(to: width)
  }

  /// The counts.
  static func counts(_ board: LinkBoard) -> StyledLine {
    let count = board.count
    var line = StyledLine()
    func add(_ number: Int, _ name: String, _ style: StyledLine.Style?) {
      line.append((line.width == 0 ? "" : "  ") + name + " ", .dim)
      line.append(String(number), number == 0 ? .dim : style)
    }
    func sum(_ counts: [String: Int]) -> Int { counts.values.reduce(0, +) }
    add(count.links, "links", .bold)
    add(count.calls, "calls", .bold)
    add(count.tokens, "tokens", .green)
    add(sum(count.failed), "failed", .yellow)
    add(sum(count.refused), "refused", .yellow)
    add(sum(count.deadLetters), "dead letters", .yellow)
    add(board.waitingCount, "waiting", .cyan)
    return line
  }

  // MARK: - Helpers

  /// What there is to say while nothing is on its way.
  private static func silence(_ board: LinkBoard) -> String {
    board.hasLanes ? "nothing is on its way" : "the worker joins its group, which takes some seconds …"
  }

  /// Columns follow their content up to a share of the width.
  private mutating func widen(for row: LinkRow) {
    nameWidth = min(max(nameWidth, row.name.columnCount), max(10, width / 6))
    subjectWidth = min(max(subjectWidth, row.subject.columnCount), max(8, width / 5))
  }

  private static func mark(_ row: LinkRow) -> (String, StyledLine.Style?) {
    switch row.stage {
    case .requested, .received: ("·", .dim)
    case .calling: ("▶", .cyan)
    case .waiting: ("…", .yellow)
    case .decided: ("▷", .cyan)
    case .ended:
      switch row.ends.last?.spans.first?.style {
      case .green: ("✓", .green)
      case .red: ("✗", .red)
      case .yellow: ("✗", .yellow)
      case .bold, .cyan, .dim, nil: ("·", .dim)
      }
    }
  }

  /// The steps, the last of them surely; what has no room is left out at the front.
  private static func way(_ row: LinkRow, now: Timestamp, width: Int) -> StyledLine {
    var steps = [StyledLine("requested", .dim)]
    steps += row.trail.map { mark in
      StyledLine(mark.text + (mark.count > 1 ? " ×\(mark.count)" : ""), mark.style ?? .dim)
    }
    switch row.stage {
    case .requested, .received: break
    case .calling(let since):
      let time = now - since >= 100 ? ", \((now - since).seconds)" : ""
      steps.append(StyledLine("calling (attempt \(row.callCount + 1)\(time))", .cyan))
    case .waiting(let due):
      steps.append(StyledLine("attempt \(row.callCount + 1) in \(max(due - now, 0).seconds)", .yellow))
    case .decided: steps.append(StyledLine("committing", .cyan))
    case .ended:
      var end = StyledLine()
      for (index, text) in row.ends.enumerated() {
        if index > 0 { end.append(" + ") }
        end.append(text)
      }
      if let latency = row.latency { end.append(", \(latency.forPeople)", .dim) }
      steps.append(end)
    }
    return joined(steps, width: width)
  }

  private static func joined(_ steps: [StyledLine], width: Int) -> StyledLine {
    let arrow = StyledLine(" → ", .dim)
    let total = steps.reduce(0) { $0 + $1.width } + arrow.width * (steps.count - 1)
    var kept = steps[...]
    if total > width {
      // An ellipsis takes the place of the first steps.
      while kept.count > 1, 1 + kept.reduce(0, { $0 + $1.width + arrow.width }) > width { kept.removeFirst() }
    }
    var line = kept.count < steps.count ? StyledLine("…", .dim) : StyledLine()
    for step in kept {
      if line.width > 0 { line.append(arrow) }
      line.append(step)
    }
    return line
  }
}

extension LinkBoard {
  /// How many wait for their next attempt.
  var waitingCount: Int {
    count { stage in
      if case .waiting = stage { true } else { false }
    }
  }

  /// Whether a row changes by the passing of time alone.
  var isMoving: Bool {
    rows.values.contains { row in
      switch row.stage {
      case .calling, .waiting: true
      case .requested, .received, .decided, .ended: false
      }
    }
  }
}

extension String {
  /// In at most so many columns; what is cut off ends in an ellipsis.
  fileprivate func cut(toColumns limit: Int) -> String {
    columnCount <= limit ? self : prefix(columns: limit - 1) + "…"
  }
}
