/// Reads records of the requests topic: CloudEvents 1.0 over Kafka, structured or binary, as strictly as the event rules have it.
///
/// Pure and stateless: the same record is read the same way for ever, or a redelivery would be judged anew.
public struct RequestReader: Sendable {
  private let eventMaxBytes: Int

  /// A reader of events of at most `eventMaxBytes` bytes: key, headers and value together, `linkworker.moved-from` aside.
  public init(eventMaxBytes: Int = 65536) { self.eventMaxBytes = eventMaxBytes }

  /// What the record turns out to be; its age and its home are not judged here.
  ///
  /// Of several faults the first counts: the size, then what announces the content (headers), then the JSON, then the attributes, then
  /// `data`.
  public func read(_ record: SourceRecord) -> Reading {
    guard let value = record.value else { return .empty }
    let headers = EventHeaders(record.headers)
    if record.sizeOfEvent > eventMaxBytes {
      // A large value is not read at all; in binary mode the headers alone say who asked.
      let identity = headers.mode == .binary ? Envelope(headers: headers).identity : nil
      return .malformed(
        Malformation(.tooLarge, "Key, headers and value have more than \(eventMaxBytes) bytes together."),
        identity: identity)
    }
    switch headers.mode {
    case .structured: return readStructured(value, headers, isAnnounced: true)
    case .unannounced: return readStructured(value, headers, isAnnounced: false)
    case .binary: return readBinary(value, headers)
    case .unserved(let sentence): return .malformed(Malformation(.notCloudEvent, sentence), identity: nil)
    }
  }

  private func readStructured(_ value: [UInt8], _ headers: EventHeaders, isAnnounced: Bool) -> Reading {
    let event: JSONValue
    do {
      event = try JSONValue(parsing: value, rootLevel: 0)
    } catch {
      return .malformed(error, identity: nil)
    }
    guard event.kind == .object else {
      let sentence = event.kind == .array ? "A batch of events is not served." : "The event is not a JSON object."
      return .malformed(Malformation(.notCloudEvent, sentence), identity: nil)
    }
    guard isAnnounced || event["specversion"] != nil else {
      let sentence = "Neither a content-type header nor a specversion says that this is a CloudEvent."
      return .malformed(Malformation(.notCloudEvent, sentence), identity: nil)
    }
    let envelope = Envelope(event: event, headers: headers)
    return judge(envelope) { () throws(Malformation) in
      guard let data = envelope.data else { throw Malformation(.invalidData, at: "/data", "The event has no data.") }
      return data
    }
  }

  private func readBinary(_ value: [UInt8], _ headers: EventHeaders) -> Reading {
    judge(Envelope(headers: headers)) { () throws(Malformation) in try JSONValue(parsing: value) }
  }

  /// Attributes, type, content type, data: the order in which an event is judged in either mode.
  private func judge(_ envelope: Envelope, data: () throws(Malformation) -> JSONValue) -> Reading {
    if let fault = envelope.fault { return .malformed(fault, identity: envelope.identity(reading: try? data())) }
    guard let id = envelope.id, let source = envelope.source else {
      return .malformed(Malformation(.notCloudEvent, "The event has no id or no source."), identity: nil)
    }
    guard let type = EventType(requestType: envelope.type) else {
      return .unknownType(Malformation(.unknownType, at: envelope.typePointer, "Events of this type are not served."))
    }
    if let fault = envelope.contentFault { return .malformed(fault, identity: envelope.identity(reading: try? data())) }
    do {
      let data = try data()
      do {
        let fields = try DataFields(data)
        return type == .replayRequested
          ? .replay(try ReplayRequest(fields, id: id, source: source, trace: envelope.trace))
          : .link(try LinkRequest(fields, id: id, source: source, trace: envelope.trace))
      } catch {
        return .malformed(error, identity: envelope.identity(reading: data))
      }
    } catch {
      return .malformed(error, identity: envelope.identity)
    }
  }
}

extension SourceRecord {
  /// Bytes of key, value and headers, the worker's own header aside: a moved request must not become too large by its move.
  fileprivate var sizeOfEvent: Int {
    headers.reduce(size) { $1.isMovedFrom ? $0 - $1.name.count - ($1.value?.count ?? 0) : $0 }
  }
}

extension Header {
  /// Says from where a request was moved home: the worker's own.
  static let movedFrom = "linkworker.moved-from"

  /// Whether it is that header.
  var isMovedFrom: Bool { name.count == Self.movedFrom.utf8.count && name.elementsEqual(Self.movedFrom.utf8) }
}
