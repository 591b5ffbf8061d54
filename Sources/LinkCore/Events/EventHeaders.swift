/// The headers of a record that make it a CloudEvent, and its trace context.
struct EventHeaders {
  /// How the event lies in its record (CloudEvents' Kafka binding, 3).
  enum Mode: Equatable {
    /// The value is the whole event, and a header says so.
    case structured
    /// The value may be a whole event: no header says anything.
    case unannounced
    /// The attributes are headers.
    case binary
    /// Something else.
    case unserved(String)
  }

  private(set) var mode: Mode = .unannounced
  /// The `ce_` headers without their prefix, in their order.
  private(set) var attributes: [(name: ArraySlice<UInt8>, value: [UInt8]?)] = []
  private(set) var contentType: [UInt8]?
  /// From Kafka headers of these names.
  private(set) var trace = TraceContext()

  init(_ headers: [Header]) {
    var contentTypeCount = 0
    for header in headers {
      switch header.name.count {
      case 11 where header.isNamed("traceparent"):
        trace.traceparent = trace.traceparent ?? Text(traceValue: header.value)
      case 10 where header.isNamed("tracestate"):
        trace.tracestate = trace.tracestate ?? Text(traceValue: header.value)
      case 12 where header.isNamed("content-type"):
        contentTypeCount += 1
        contentType = header.value
      case 3... where header.name.starts(with: "ce_".utf8):
        attributes.append((header.name[3...], header.value))
      default: break
      }
    }
    mode = contentTypeCount > 1 ? .unserved("The record has two content-type headers.") : modeByContentType
  }

  private static let requiredAttributes = ["specversion", "id", "source", "type"].map { Array($0.utf8) }
  private static let structuredType = Array("application/cloudevents+json".utf8)

  /// The required attributes; one of them in a header makes the mode binary.
  private var isBinary: Bool {
    attributes.contains { attribute in Self.requiredAttributes.contains { attribute.name.elementsEqual($0) } }
  }

  private var modeByContentType: Mode {
    // What almost every record says needs no parsing.
    if contentType == Self.structuredType { return .structured }
    let media = contentType.map { ContentType($0) }
    if let media, media.subtype.starts(with: "cloudevents".utf8), media.type.elementsEqual("application".utf8) {
      guard media.subtype.elementsEqual("cloudevents+json".utf8) else {
        return .unserved("The content type is a batch, or CloudEvents in another format than JSON.")
      }
      return media.isUTF8 ? .structured : .unserved("The content type names another charset than UTF-8.")
    }
    if isBinary { return .binary }
    return media == nil
      ? .unannounced
      : .unserved("The content type is neither application/cloudevents+json nor that of a binary CloudEvent.")
  }
}

/// A media type (RFC 9110, 8.3.1) as far as the event rules ask: in lower case.
struct ContentType {
  let type: [UInt8]
  let subtype: [UInt8]
  /// Whether no parameter names another charset than UTF-8: what a producer declares otherwise would be read wrongly.
  let isUTF8: Bool

  init(_ written: [UInt8]) {
    if written == Self.plainJSON {
      (type, subtype, isUTF8) = (Self.application, Self.json, true)
      return
    }
    let lower = written.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
    let parts = lower.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false)
    let names = (parts.first ?? []).split(separator: UInt8(ascii: "/"), maxSplits: 1, omittingEmptySubsequences: false)
    type = Self.trimmed(names.first ?? [])
    subtype = names.count == 2 ? Self.trimmed(names[1]) : []
    isUTF8 = parts.dropFirst().allSatisfy { parameter in
      let pair = parameter.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
      guard pair.count == 2, Self.trimmed(pair[0]).elementsEqual("charset".utf8) else { return true }
      let value = Self.trimmed(pair[1])
      return value.elementsEqual("utf-8".utf8) || value.elementsEqual("\"utf-8\"".utf8)
    }
  }

  private static let plainJSON = Array("application/json".utf8)
  private static let application = Array("application".utf8)
  private static let json = Array("json".utf8)

  /// Whether it is JSON by CloudEvents' rule (JSON format, 3.1): the subtype `json`, or one that ends with `+json`.
  var isJSON: Bool { subtype.elementsEqual("json".utf8) || subtype.suffix(5).elementsEqual("+json".utf8) }

  private static func trimmed(_ text: ArraySlice<UInt8>) -> [UInt8] {
    let isSpace = { (byte: UInt8) in byte == 0x20 || byte == 0x09 }
    return Array(text.drop(while: isSpace).reversed().drop(while: isSpace).reversed())
  }
}

extension Text {
  /// A trace header's value: printable ASCII of 1-512 bytes, or nil, for what travels into an HTTP header must not break it.
  init?(traceValue bytes: [UInt8]?) {
    guard let bytes, (1...512).contains(bytes.count), bytes.allSatisfy({ (0x20...0x7E).contains($0) }) else {
      return nil
    }
    self.init(checked: bytes)
  }
}

extension Header {
  fileprivate func isNamed(_ expected: StaticString) -> Bool { expected.withUTF8Buffer { name.elementsEqual($0) } }
}
