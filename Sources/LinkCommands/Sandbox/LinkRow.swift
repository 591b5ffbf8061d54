import LinkCore

/// One record of the requests topic on its way, as far as somebody who watches has seen it.
struct LinkRow: Sendable {
  /// Where a record lies in the requests topic.
  struct Place: Hashable, Sendable {
    var partition: Int32
    var offset: Int64
  }

  /// By what a request is known to who sent it.
  struct Identity: Hashable, Sendable {
    var source: Text
    var id: Text
  }

  /// How far it is.
  enum Stage: Equatable, Sendable {
    /// It stands in Kafka.
    case requested
    /// The worker has it.
    case received
    /// The adapter is asked, since a moment.
    case calling(since: Timestamp)
    /// It is to be tried again.
    case waiting(due: Timestamp)
    /// Decided, and not yet seen by a reader of what is committed.
    case decided
    /// Nothing more comes.
    case ended
  }

  /// A step that lies behind it; the same once more counts up.
  struct Mark: Equatable, Sendable {
    var text: String
    var style: StyledLine.Style?
    var count = 1
  }

  /// The sample's name, else the event's id, else its place.
  var name: String
  /// What it asks for, in a few words.
  var wish: String
  /// The link that it asks for; nil where that cannot be read.
  var key: LinkKey?
  /// The event's id and source, where they can be read.
  var identity: Identity?
  /// Whose request it is, where that can be read.
  var userId: Int64?
  /// Where it lies now; a move changes it.
  var place: Place
  /// When Kafka had it.
  var requestedAt: Timestamp
  var stage = Stage.requested
  /// The steps behind it, the last ones.
  private(set) var trail: [Mark] = []
  /// Calls that were answered.
  var callCount = 0
  /// Whether it made a link or went on with one: what is refused or known already did not.
  var isLink = false
  /// What came of it; one that is malformed has two.
  private(set) var ends: [StyledLine] = []
  /// From the request to the first event about it.
  var latency: Milliseconds?

  private static let trailLimit = 12

  /// Adds a step.
  mutating func step(_ text: String, _ style: StyledLine.Style? = nil) {
    if let last = trail.last, last.text == text {
      trail[trail.count - 1].count += 1
    } else {
      trail.append(Mark(text: text, style: style))
      if trail.count > Self.trailLimit { trail.removeFirst() }
    }
  }

  /// Adds what came of it, after which nothing more is expected.
  mutating func end(_ text: String, _ style: StyledLine.Style?) {
    ends.append(StyledLine(text, style))
    stage = .ended
  }

  /// Whose link it is, as short as it can be said.
  var subject: String {
    guard let key else { return userId.map { "user \($0)" } ?? "" }
    guard let identity, key.idempotencyKey.string == "\(identity.source)#\(identity.id)" else {
      return key.description.plain(limit: 60)
    }
    return "user \(key.userId)"
  }
}

extension LinkRow {
  /// The row for a record of the requests topic that was not moved there.
  init(_ record: SourceRecord, _ reading: Reading) {
    let place = Place(partition: record.partition, offset: record.offset)
    key = nil
    identity = nil
    wish = "a record that cannot be read"
    switch reading {
    case .link(let request):
      key = request.key
      identity = Identity(source: request.source, id: request.id)
      wish = "asks for \(request.scope.accounts.forPeople)"
    case .replay(let request):
      key = request.key
      identity = Identity(source: request.source, id: request.id)
      wish = "asks for a replay"
    case .malformed(_, let known?):
      identity = Identity(source: known.source, id: known.id)
      userId = known.userId
      wish = "sends a malformed request"
    case .malformed(_, nil): break
    case .unknownType: wish = "an event of an unknown type"
    case .empty: wish = "a record without a value"
    }
    let sample = identity?.source.string == Sample.source || identity == nil ? record.sampleName : nil
    name =
      sample ?? identity.map { $0.id.string.plain(limit: 40) } ?? "record \(place.partition)/\(place.offset)"
    self.place = place
    requestedAt = record.timestamp
  }
}

extension LinkScope.Accounts {
  /// `account 7`, `accounts 5, 6` or `all accounts`
  var forPeople: String {
    switch self {
    case .all: "all accounts"
    case .some(let ids):
      (ids.count == 1 ? "account " : "accounts ") + ids.prefix(5).map(String.init).joined(separator: ", ")
        + (ids.count > 5 ? ", …" : "")
    }
  }
}
