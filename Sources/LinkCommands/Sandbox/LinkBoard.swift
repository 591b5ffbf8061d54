import LinkCore

/// All requests on their way: takes what is seen, and knows each one's row and what to say of each step. Pure: it is
/// told the time.
struct LinkBoard: Sendable {
  /// What is seen.
  enum Event: Sendable {
    /// A record of the requests topic, as anybody may read it.
    case requested(SourceRecord)
    /// From inside the worker.
    case observed(Observation)
    /// What a reader of committed records has seen the worker write.
    case sighted(Sighting)
  }

  /// A step of one request, for those who read lines.
  struct Step: Equatable, Sendable {
    var name: String
    var text: StyledLine
    /// Where it wants a line of its own.
    var detail: String?
  }

  /// The rows in the order of their coming, by number.
  private(set) var rows: [Int: LinkRow] = [:]
  /// The numbers of the rows, lowest first.
  private(set) var order: [Int] = []
  /// What happened, in numbers.
  private(set) var count = SandboxCount()
  /// Whether the worker ever had a partition.
  private(set) var hasLanes = false
  private var next = 0
  private var byPlace: [LinkRow.Place: Int] = [:]
  private var byKey: [LinkKey: Int] = [:]
  private var byIdentity: [LinkRow.Identity: Int] = [:]
  private let reader: RequestReader
  /// Rows that are kept at most; of more requests only the ends are told.
  private let rowLimit: Int

  /// A board for a worker that reads events of at most so many bytes.
  init(eventMaxBytes: Int = 65_536, rowLimit: Int = 2_000) {
    reader = RequestReader(eventMaxBytes: eventMaxBytes)
    self.rowLimit = rowLimit
  }

  /// Takes what was seen and returns what there is to say of it.
  mutating func take(_ event: Event, now: Timestamp) -> [Step] {
    switch event {
    case .requested(let record):
      if record.movedFrom == nil { count.requests += 1 }
      return requested(record).map { [$0] } ?? []
    case .observed(.received(let record)): return received(record)
    case .observed(.calling(let key)):
      guard let number = byKey[key] else { return [] }
      return change(number) { row in
        row.stage = .calling(since: now)
        return StyledLine("calls the adapter, attempt \(row.callCount + 1)")
      }
    case .observed(.noted(let note)): return noted(note, now)
    case .sighted(let sighting): return sighted(sighting, now)
    }
  }

  /// How many are in a stage.
  func count(where isMeant: (LinkRow.Stage) -> Bool) -> Int { rows.values.count { isMeant($0.stage) } }

  /// Lets the oldest row go that has ended, and returns it.
  mutating func takeEnded() -> LinkRow? {
    guard let index = order.firstIndex(where: { rows[$0]?.stage == .ended }) else { return nil }
    let number = order.remove(at: index)
    guard let row = rows.removeValue(forKey: number) else { return nil }
    if byPlace[row.place] == number { byPlace[row.place] = nil }
    if let key = row.key, byKey[key] == number { byKey[key] = nil }
    if let identity = row.identity, byIdentity[identity] == number { byIdentity[identity] = nil }
    return row
  }

  // MARK: - Requests

  private mutating func requested(_ record: SourceRecord) -> Step? {
    let place = LinkRow.Place(partition: record.partition, offset: record.offset)
    guard byPlace[place] == nil else { return nil }
    if let origin = record.movedFrom,
      let number = byPlace.removeValue(forKey: .init(partition: origin.partition, offset: origin.offset))
    {
      byPlace[place] = number
      rows[number]?.place = place
      rows[number]?.step("moved \(origin.partition) to \(place.partition)")
      rows[number]?.stage = .requested
      return nil
    }
    if rows.count >= rowLimit { _ = takeEnded() }
    guard rows.count < rowLimit else { return nil }
    let row = LinkRow(record, reader.read(record))
    next += 1
    rows[next] = row
    order.append(next)
    byPlace[place] = next
    // A second request of a link on its way is judged by its place; what is told of the link is the first one's.
    if let key = row.key, isFree(byKey[key]) { byKey[key] = next }
    if let identity = row.identity, isFree(byIdentity[identity]) { byIdentity[identity] = next }
    let subject = row.subject.isEmpty ? "" : "\(row.subject) "
    return Step(
      name: row.name, text: StyledLine("\(subject)\(row.wish) (partition \(place.partition), offset \(place.offset))"))
  }

  private func isFree(_ number: Int?) -> Bool { number.flatMap { rows[$0] }.map { $0.stage == .ended } ?? true }

  private mutating func received(_ record: SourceRecord) -> [Step] {
    let first = requested(record)
    let number = byPlace[.init(partition: record.partition, offset: record.offset)]
    let second = number.map { number in
      change(number) { row in
        row.step("received")
        row.stage = .received
        return StyledLine("received by the worker")
      }
    }
    return (first.map { [$0] } ?? []) + (second ?? [])
  }

  // MARK: - The worker's notes

  private mutating func noted(_ note: Note, _ now: Timestamp) -> [Step] {
    switch note {
    case .called(let key, let verdict, let status, let detail, let took):
      count.calls += 1
      guard let number = byKey[key] else { return [] }
      noteLink(number)
      let (text, style) = Self.answer(verdict, status)
      var steps = change(number) { row in
        row.callCount += 1
        row.step(text, style)
        row.stage = .received
        return StyledLine("the adapter answers \(text) after \(took.forPeople)", style)
      }
      if let detail, !steps.isEmpty { steps[0].detail = detail }
      return steps
    case .decided(let decided): return self.decided(decided, now)
    case .recordSkipped(let partition, let offset):
      count.skipped += 1
      guard let number = byPlace[.init(partition: partition, offset: offset)] else { return [] }
      return change(number) { row in
        row.end("passed over", .dim)
        return StyledLine("passed over", .dim)
      }
    case .laneOpened:
      hasLanes = true
      return []
    case .laneBlocked, .committed, .commitFailed, .decisionRefused, .credentialRefused,
      .credentialAccepted, .breakerOpened, .breakerHalfOpened, .breakerClosed:
      return []
    }
  }

  private mutating func decided(_ decided: Note.Decided, _ now: Timestamp) -> [Step] {
    if decided.kind == .duplicate { count.duplicates += 1 }
    let place = decided.offset.flatMap { byPlace[.init(partition: decided.partition, offset: $0)] }
    guard let number = place ?? decided.key.flatMap({ byKey[$0] }) else { return [] }
    switch decided.kind {
    case .succeeded, .failed, .scheduled: noteLink(number)
    case .refused, .deadLettered, .duplicate, .moved, .replayed: break
    }
    return change(number) { row in
      switch decided.kind {
      case .succeeded, .failed:
        row.step("journaled")
        row.stage = .decided
        return StyledLine("journaled, before it is published")
      case .scheduled:
        let due = decided.due ?? now
        row.stage = .waiting(due: due)
        return StyledLine("waits \(max(due - now, 0).forPeople) for attempt \(row.callCount + 1)", .yellow)
      case .replayed:
        row.step("replay")
        row.stage = .waiting(due: decided.due ?? now)
        return StyledLine("accepted: the link is tried anew")
      case .duplicate:
        row.end("duplicate: no call, no event", .dim)
        return StyledLine("known already: no call and no event", .dim)
      case .refused, .deadLettered, .moved:
        if row.stage != .ended { row.stage = .decided }
        let code = decided.code.map { ", \($0)" } ?? ""
        return StyledLine("decided: \(decided.kind.rawValue)\(code)", .dim)
      }
    }
  }

  private static func answer(_ verdict: Attempt.Verdict, _ status: Int?) -> (String, StyledLine.Style?) {
    let code = status.map(String.init)
    return switch verdict {
    case .succeeded: (code ?? "a token", .green)
    case .transient: (code ?? "later", .yellow)
    case .rejected: ("\(code.map { "\($0) " } ?? "")no", .yellow)
    case .unsent: ("unreachable", .red)
    case .ambiguous: (code.map { "\($0), lost" } ?? "lost", .red)
    case .credential: ("\(code ?? "no"), the credential", .red)
    case .forbidden: (code ?? "forbidden", .yellow)
    }
  }

  // MARK: - What is committed

  private mutating func sighted(_ sighting: Sighting, _ now: Timestamp) -> [Step] {
    count.take(sighting.sight)
    let number =
      sighting.place.flatMap { byPlace[$0] } ?? sighting.identity.flatMap { byIdentity[$0] }
      ?? sighting.key.flatMap { byKey[$0] }
    guard let number, let row = rows[number] else {
      countUntracked(sighting.sight)
      return [
        Step(name: sighting.sample ?? sighting.request.plain(limit: 40), text: sighting.sentence, detail: sighting.note)
      ]
    }
    let latency = now - row.requestedAt
    if sighting.isOutcome, row.latency == nil { count.noteLatency(latency) }
    var steps = change(number) { row in
      var text = sighting.sentence
      // The record in its new place has told the row already.
      if case .moved = sighting.sight { return text }
      if sighting.isOutcome, row.latency == nil {
        row.latency = latency
        text.append(", \(latency.forPeople) after the request", .dim)
      }
      row.end(sighting.short, sighting.style)
      return text
    }
    if !steps.isEmpty { steps[0].detail = sighting.note }
    return steps
  }

  // MARK: - Helpers

  /// A link that had no row shows by its end alone.
  private mutating func countUntracked(_ sight: Sight) {
    switch sight {
    case .tokenReady, .failed: count.links += 1
    case .refused, .deadLetter, .moved, .untoldCalls, .unreadable: break
    }
  }

  private mutating func noteLink(_ number: Int) {
    guard rows[number]?.isLink == false else { return }
    rows[number]?.isLink = true
    count.links += 1
  }

  private mutating func change(_ number: Int, _ body: (inout LinkRow) -> StyledLine) -> [Step] {
    guard var row = rows[number] else { return [] }
    let text = body(&row)
    rows[number] = row
    return [Step(name: row.name, text: text, detail: nil)]
  }
}
