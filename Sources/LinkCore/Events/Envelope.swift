/// The attributes of a CloudEvent, from either mode, and the first thing that is wrong with them.
struct Envelope {
  /// The attributes; nil where they are absent or wrong.
  private(set) var id: Text?, source: Text?, type: Text?
  private(set) var trace: TraceContext
  /// The first fault of `specversion`, `id`, `source`, `type` or `time`.
  private(set) var fault: Malformation?
  /// The first fault of what announces `data`. It counts after the type: an event of a foreign type may hold anything.
  private(set) var contentFault: Malformation?
  /// In structured mode.
  private(set) var data: JSONValue?
  let typePointer: String

  /// The attributes of a structured event.
  init(event: JSONValue, headers: EventHeaders) {
    trace = headers.trace
    typePointer = "/type"
    var attributes = Attributes()
    var dataContentType: JSONValue?
    // A null attribute is an absent one (CloudEvents JSON format, 2.2).
    for member in event.children {
      if member.isNamed("data") {
        data = member
      } else if member.isNamed("data_base64") {
        contentFault = Malformation(.notCloudEvent, at: "/data_base64", "Data in base64 is not served.")
      } else if member.kind == .null {
        continue
      } else if member.isNamed("specversion") {
        attributes.specversion = Attribute(member)
      } else if member.isNamed("id") {
        attributes.id = Attribute(member)
      } else if member.isNamed("source") {
        attributes.source = Attribute(member)
      } else if member.isNamed("type") {
        attributes.type = Attribute(member)
      } else if member.isNamed("time") {
        attributes.time = Attribute(member)
      } else if member.isNamed("datacontenttype") {
        dataContentType = member
      } else if member.isNamed("traceparent") {
        trace.traceparent = trace.traceparent ?? Text(traceValue: member.text?.utf8)
      } else if member.isNamed("tracestate") {
        trace.tracestate = trace.tracestate ?? Text(traceValue: member.text?.utf8)
      }
    }
    if let dataContentType { checkContentType(dataContentType.text?.utf8, at: "/datacontenttype") }
    take(attributes, prefix: "/")
  }

  /// The attributes of a binary event. A fault of a header has no JSON pointer: its sentence names the header.
  init(headers: EventHeaders) {
    trace = headers.trace
    typePointer = ""
    var attributes = Attributes()
    var names: Set<Text> = []
    var repeated: Set<Text> = []
    for (name, value) in headers.attributes {
      let name = Text(checked: Array(name))
      guard names.insert(name).inserted else {
        repeated.insert(name)
        continue
      }
      let attribute = Attribute(value)
      if attribute.text == nil {
        note(Malformation(.notUTF8, "A ce_ header has no value or is not UTF-8."))
      }
      switch name {
      case "specversion": attributes.specversion = attribute
      case "id": attributes.id = attribute
      case "source": attributes.source = attribute
      case "type": attributes.type = attribute
      case "time": attributes.time = attribute
      case "datacontenttype": checkContentType(value, at: "")
      case "traceparent": trace.traceparent = trace.traceparent ?? Text(traceValue: value)
      case "tracestate": trace.tracestate = trace.tracestate ?? Text(traceValue: value)
      default: break
      }
    }
    if !repeated.isEmpty { note(Malformation(.notCloudEvent, "A ce_ header stands twice.")) }
    if let contentType = headers.contentType { checkContentType(contentType, at: "") }
    take(attributes, prefix: "")
    // Which of two is meant, nobody can say.
    if repeated.contains("id") { id = nil }
    if repeated.contains("source") { source = nil }
  }

  /// What a refusal can be addressed to, where `id` and `source` could be read.
  var identity: RequestIdentity? { identity(reading: nil) }

  /// The same, with what can be read of the event's `data`: each field that is valid by itself.
  func identity(reading data: JSONValue?) -> RequestIdentity? {
    guard let id, let source else { return nil }
    var identity = RequestIdentity(id: id, source: source, trace: trace)
    guard let data, let fields = try? DataFields(data) else { return identity }
    identity.userId = try? fields.userId()
    let isReplay = EventType(requestType: type) == .replayRequested
    identity.idempotencyKey = isReplay ? try? fields.linkKey() : (try? fields.idempotencyKey()) ?? nil
    identity.context = (try? fields.context()) ?? nil
    return identity
  }

  private static let specversion: Text = "1.0"

  private struct Attribute {
    /// Nil where it is no string.
    var text: Text?

    init(_ member: JSONValue) { text = member.text }

    init(_ value: [UInt8]?) { text = value.flatMap { JSONValue.isUTF8($0) ? Text(checked: $0) : nil } }
  }

  private struct Attributes {
    var specversion, id, source, type, time: Attribute?
  }

  private mutating func take(_ attributes: Attributes, prefix: String) {
    let pointer = { (name: String) in prefix.isEmpty ? "" : prefix + name }
    if attributes.specversion?.text != Self.specversion {
      note(Malformation(.notCloudEvent, at: pointer("specversion"), "The specversion is not 1.0."))
    }
    id = attributes.id?.text.flatMap { (1...255).contains($0.characterCount) ? $0 : nil }
    if id == nil {
      note(Malformation(.notCloudEvent, at: pointer("id"), "The id is not a string of 1 to 255 characters."))
    }
    source = attributes.source?.text.flatMap { (1...255).contains($0.characterCount) ? $0 : nil }
    if source == nil {
      note(Malformation(.notCloudEvent, at: pointer("source"), "The source is not a string of 1 to 255 characters."))
    }
    type = attributes.type?.text.flatMap { $0.utf8.isEmpty ? nil : $0 }
    if type == nil { note(Malformation(.notCloudEvent, at: pointer("type"), "The type is not a string.")) }
    if let time = attributes.time, time.text.flatMap({ Timestamp(rfc3339: $0.utf8) }) == nil {
      note(Malformation(.notCloudEvent, at: pointer("time"), "The time is not a moment as RFC 3339 has it."))
    }
  }

  private mutating func checkContentType(_ written: [UInt8]?, at pointer: String) {
    guard contentFault == nil else { return }
    guard let written, case let media = ContentType(written), media.isJSON, media.isUTF8 else {
      contentFault = Malformation(.notCloudEvent, at: pointer, "The data's content type is not JSON in UTF-8.")
      return
    }
  }

  private mutating func note(_ found: Malformation) {
    if fault == nil { fault = found }
  }
}
