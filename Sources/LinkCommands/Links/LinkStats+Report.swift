import LinkCore
import LinkOps

/// What `links stats` says.
extension LinkStats {
  /// Brokers that are told to people; programs are told all.
  private static let brokersTold = 20

  /// For people: a word and what it says on each line.
  func text(_ names: BrokerNames) -> [String] {
    var lines = [Self.line("links", Self.number(count))]
    for state in LinkStateName.allCases {
      var text = Self.number(states[state] ?? 0)
      if state == .scheduled, overdueCount > 0 { text += ", of which \(Self.number(overdueCount)) are due already" }
      lines.append(Self.line(state.rawValue, text))
    }
    if replayedCount > 0 { lines.append(Self.line("replayed", Self.number(replayedCount))) }
    let codes = FailureCode.allCases.compactMap { code in
      self.codes[code].map { "\(code.rawValue) \(Self.number($0))" }
    }
    lines += Self.lines("codes", codes)
    if let oldest {
      let age = (now - oldest.at).forPeople
      lines.append(Self.line("oldest", "\(Self.name(oldest)) waits for \(age), since \(oldest.at.rfc3339)"))
    }
    if let soonest {
      let time =
        soonest.at > now ? "in \((soonest.at - now).forPeople)" : "for \((now - soonest.at).forPeople) already"
      lines.append(Self.line("next due", "\(Self.name(soonest)) is due \(time), at \(soonest.at.rfc3339)"))
    }
    lines += Self.lines(
      "calls",
      Self.callSteps.indices.filter { calls[$0] > 0 }.map { "\(Self.callRange($0)): \(ReplayPreview.links(calls[$0]))" }
    )
    let brokers = brokers(named: names)
    var told = brokers.prefix(Self.brokersTold).map { broker in
      let name = broker.name.map { "\"\(LogText.escaped($0.string))\"" } ?? "others"
      return "\(name): \(Self.number(broker.count.scheduled)) wait, \(Self.number(broker.count.failed)) failed"
    }
    if brokers.count > told.count { told.append("\(brokers.count - told.count) more, which --json tells") }
    return lines + Self.lines("brokers", told)
  }

  /// For programs: one object.
  func json(_ names: BrokerNames) -> JSONWriter {
    var json = JSONWriter(capacity: 1024)
    json.beginObject()
    json.count("links", count)
    json.name("states")
    json.beginObject()
    json.count("scheduled", states[.scheduled] ?? 0)
    json.count("succeeded", states[.succeeded] ?? 0)
    json.count("failed", states[.failed] ?? 0)
    json.endObject()
    json.count("due", overdueCount)
    json.count("replayed", replayedCount)
    json.objects("codes", FailureCode.allCases.filter { codes[$0] != nil }) { json, code in
      json.member("code", code.rawValue)
      json.count("links", codes[code] ?? 0)
    }
    for (name, waiting) in [("oldest", oldest), ("soonest", soonest)] as [(StaticString, Waiting?)] {
      guard let waiting else { continue }
      json.name(name)
      json.beginObject()
      json.member("userId", waiting.key.userId)
      json.member("idempotencyKey", waiting.key.idempotencyKey)
      json.member("at", waiting.at)
      json.endObject()
    }
    json.objects("calls", Self.callSteps.indices.filter { calls[$0] > 0 }) { json, step in
      json.count("from", Self.callSteps[step])
      if step + 1 < Self.callSteps.count { json.count("to", Self.callSteps[step + 1] - 1) }
      json.count("links", calls[step])
    }
    json.objects("brokers", brokers(named: names)) { json, broker in
      json.member("name", broker.name)
      json.count("scheduled", broker.count.scheduled)
      json.count("failed", broker.count.failed)
    }
    json.endObject()
    return json
  }

  /// `2`, `3-4` or `33 or more`.
  private static func callRange(_ step: Int) -> String {
    let first = callSteps[step]
    guard step + 1 < callSteps.count else { return "\(first) or more" }
    let last = callSteps[step + 1] - 1
    return first == last ? "\(first)" : "\(first)-\(last)"
  }

  private static func name(_ waiting: Waiting) -> String { LogText.escaped(waiting.key.description) }

  private static func number(_ count: Int) -> String { ProgressMeter.grouped(count) }

  private static func lines(_ word: String, _ texts: [String]) -> [String] {
    texts.enumerated().map { line($0.offset == 0 ? word : "", $0.element) }
  }

  private static func line(_ word: String, _ text: String) -> String {
    word + String(repeating: " ", count: max(0, 11 - word.count)) + text
  }
}
