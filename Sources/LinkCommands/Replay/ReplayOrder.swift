import LinkCore

/// What an operator orders for all links of a job: what travels in each event. Pure.
struct ReplayOrder {
  /// The job.
  var job: ReplayJob
  /// Why, 1-500 characters.
  var reason: String
  /// Who, 1-255 characters.
  var `operator`: String
  /// The links' new deadline; nil: `retry.deadline.ms` from the acceptance on.
  var deadline: Deadline?
  /// Whether `replay.limit` is to be passed over.
  var isForced = false

  /// When a link's answer is of no use any more.
  enum Deadline: Equatable {
    /// At this moment.
    case moment(Timestamp)
    /// So many milliseconds after its request was sent.
    case span(Milliseconds)
  }

  /// The event for a link, as it is sent at `time`.
  func event(for key: LinkKey, time: Timestamp) -> [UInt8] {
    var json = JSONWriter()
    json.beginObject()
    json.name("specversion")
    json.string("1.0")
    json.name("id")
    json.string(job.id(for: key))
    json.name("source")
    json.string(job.source)
    json.name("type")
    json.string(EventType.replayRequested.rawValue)
    json.name("time")
    json.string(time.rfc3339)
    json.name("data")
    json.beginObject()
    json.name("userId")
    json.integer(key.userId)
    json.name("idempotencyKey")
    json.string(key.idempotencyKey)
    json.name("reason")
    json.string(reason)
    json.name("operator")
    json.string(`operator`)
    if let deadline {
      json.name("deadline")
      json.string(moment(of: deadline, sent: time).rfc3339)
    }
    if isForced {
      json.name("force")
      json.boolean(true)
    }
    json.endObject()
    json.endObject()
    return json.bytes
  }

  private func moment(of deadline: Deadline, sent time: Timestamp) -> Timestamp {
    switch deadline {
    case .moment(let moment): moment
    case .span(let span): time + span
    }
  }
}
