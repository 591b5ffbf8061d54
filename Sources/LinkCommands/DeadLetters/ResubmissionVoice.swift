import LinkCore

/// How `dead-letters resubmit` speaks: text for people, where only what was not sent is worth a line, or JSON for programs.
struct ResubmissionVoice {
  /// Dead letters that Kafka has again.
  private(set) var sentCount = 0
  /// Those that are not sent, or that Kafka refuses.
  private(set) var refusedCount = 0
  /// Those that nobody acknowledged.
  private(set) var lostCount = 0
  private let isJSON: Bool
  private let bar: SharedBar
  private var output: LineOutput

  init(_ invocation: Invocation, _ bar: SharedBar) {
    isJSON = invocation.isSet("--json")
    self.bar = bar
    output = LineOutput(invocation.console)
  }

  /// What was judged, before anything is sent.
  mutating func tell(_ plan: ResubmissionPlan, isDryRun: Bool) {
    guard isJSON else { return flush() }
    for place in plan.alreadySent.sorted() { say(place, "already-resubmitted") { _ in } }
    if isDryRun { for place in plan.toSend.sorted() { say(place, "would-be-resubmitted") { _ in } } }
    flush()
  }

  /// Kafka has one again, at this place of the requests topic.
  mutating func sent(_ place: AuditPlace, partition: Int32, offset: Int64) {
    sentCount += 1
    guard isJSON else { return }
    say(place, "resubmitted") { json in
      json.count("requestPartition", Int(partition))
      json.member("requestOffset", offset)
    }
  }

  /// One is not sent, or Kafka does not take it.
  mutating func refused(_ place: AuditPlace, _ why: String) {
    refusedCount += 1
    guard isJSON else {
      bar.erase()
      return output.print("\(place.partition)/\(place.offset): not sent: \(CommandFailure.Line.inOneLine(why))")
    }
    say(place, "refused") { $0.member("why", why) }
  }

  /// Nobody acknowledged one.
  mutating func lost(_ place: AuditPlace, mayBeWritten: Bool) {
    lostCount += 1
    guard isJSON else {
      let what = mayBeWritten ? "not acknowledged; Kafka may have it" : "not sent"
      bar.erase()
      return output.print("\(place.partition)/\(place.offset): \(what)")
    }
    say(place, "unacknowledged") { $0.member("mayBeWritten", mayBeWritten) }
  }

  /// The last word on standard output.
  mutating func conclude(_ plan: ResubmissionPlan, isDryRun: Bool) {
    if isJSON {
      var json = JSONWriter()
      json.beginObject()
      json.name("summary")
      json.beginObject()
      json.count("toSend", plan.toSend.count)
      json.count("resubmitted", sentCount)
      json.count("alreadyResubmitted", plan.alreadySent.count)
      json.count("refused", refusedCount)
      json.count("passedOver", plan.passedOverCount)
      json.count("unacknowledged", lostCount)
      json.endObject()
      json.endObject()
      output.print(json)
    } else {
      if plan.passedOverCount > 0 {
        let noun = plan.passedOverCount == 1 ? "dead letter" : "dead letters"
        output.print("\(plan.passedOverCount) \(noun) of other groups or topics passed over")
      }
      output.print(isDryRun ? "would send \(plan.phrase) again; \(rest(plan))" : summary(plan))
    }
    flush()
  }

  /// `3 of 4 dead letters sent again; 1 was sent before, 2 are refused`
  func summary(_ plan: ResubmissionPlan) -> String {
    let unsent = plan.toSend.count - sentCount
    return "\(sentCount) of \(plan.toSend.count) dead \(plan.toSend.count == 1 ? "letter" : "letters") sent again"
      + (unsent > 0 ? ", \(unsent) not, of which \(lostCount) were on their way" : "") + "; \(rest(plan))"
  }

  private func rest(_ plan: ResubmissionPlan) -> String {
    "sent before: \(plan.alreadySent.count), refused: \(refusedCount)"
  }

  private mutating func say(_ place: AuditPlace, _ status: String, _ rest: (inout JSONWriter) -> Void) {
    var json = JSONWriter(capacity: 128)
    json.beginObject()
    json.count("partition", Int(place.partition))
    json.member("offset", place.offset)
    json.member("status", status)
    rest(&json)
    json.endObject()
    bar.erase()
    output.print(json)
  }

  private mutating func flush() {
    bar.erase()
    output.flush()
  }
}
