import LinkCore

/// Judges a line as the worker will judge the record that is made of it: structured, with the content type and the key that it has to have.
struct RequestCheck {
  private let eventByteLimit: Int
  private let reader: RequestReader

  /// The header of every request that is sent.
  static let headers = [Header("content-type", "application/cloudevents+json")]

  /// - Parameter eventByteLimit: `event.max.bytes`.
  init(eventByteLimit: Int = 65536) {
    self.eventByteLimit = eventByteLimit
    reader = RequestReader(eventMaxBytes: eventByteLimit)
  }

  /// The request in a line, or what is wrong with it.
  func read(_ line: InputLine) throws(Malformation) -> CheckedRequest {
    if line.isTooLong { throw tooLarge }
    return try read(line.bytes)
  }

  /// The request in these bytes, or what is wrong with them.
  func read(_ bytes: [UInt8]) throws(Malformation) -> CheckedRequest {
    let record = SourceRecord(
      partition: 0, offset: 0, timestamp: Timestamp(milliseconds: 0), key: nil, value: bytes, headers: Self.headers)
    let request: CheckedRequest
    switch reader.read(record) {
    case .link(let link): request = CheckedRequest(link)
    case .replay(let replay): request = CheckedRequest(replay)
    case .malformed(let fault, _): throw fault
    case .unknownType(let fault): throw named(fault, in: bytes)
    case .empty: throw Malformation(.notJSON, "The line is empty.")
    }
    // The key is known only now, and counts.
    if record.size + Self.key(of: request).count > eventByteLimit { throw tooLarge }
    return request
  }

  /// The key of a request's record.
  static func key(of request: CheckedRequest) -> [UInt8] { Array(String(request.key.userId).utf8) }

  private var tooLarge: Malformation {
    Malformation(.tooLarge, "Key, headers and value have more than \(eventByteLimit) bytes together.")
  }

  /// An event of the worker's own says so: a file of outcomes is easily taken for one of requests.
  private func named(_ fault: Malformation, in bytes: [UInt8]) -> Malformation {
    let type = (try? JSONValue(parsing: bytes, rootLevel: 0))?["type"]?.text.flatMap { EventType(rawValue: $0.string) }
    guard let type else { return fault }
    return Malformation(
      fault.reason, at: fault.pointer, "An event of type \(type.rawValue) is what the worker answers, no request.")
  }
}
