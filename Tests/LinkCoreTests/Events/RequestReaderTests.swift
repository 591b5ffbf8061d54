import LinkCore
import Testing

@Suite("Reading CloudEvents from records")
struct RequestReaderTests {
  private let reader = RequestReader()

  @Test("A structured event is read with every field")
  func readsStructured() throws {
    let request = try #require(reader.read(Sample.record(Sample.ordinary)).link)
    #expect(request.id == "7f3c-1")
    #expect(request.source == "/client-area/live")
    #expect(request.userId == 14601)
    #expect(request.idempotencyKey == "tv-9b1d7c52")
    #expect(
      request.scope
        == LinkScope(
          brokerNames: ["northwind", "southwind-eu"], accounts: .some([6_230_011, 6_230_012]), isVerified: true))
    #expect(request.deadline?.rfc3339 == "2026-03-02T08:15:34.000Z")
    #expect(request.context == Array(#"{"state":"b64-8f1","locale":"de"}"#.utf8))
    #expect(request.trace == TraceContext())
  }

  @Test("A structured event without a content-type header is read by its specversion")
  func readsUnannounced() {
    #expect(reader.read(Sample.record(Sample.event(), headers: [])).link != nil)
    let reading = reader.read(Sample.record(#"{"id":"1","source":"s","type":"t","data":{}}"#, headers: []))
    #expect(reading.fault?.reason == .notCloudEvent)
    #expect(reading.identity == nil)
  }

  @Test("A binary event is read, and equals the structured one")
  func readsBinary() {
    let binary = reader.read(Sample.record(Sample.data, headers: Sample.binary()))
    #expect(binary.link != nil)
    #expect(binary == reader.read(Sample.record(Sample.event())))
    #expect(binary == reader.read(Sample.record(Sample.data, headers: Sample.binary(without: "content-type"))))
  }

  @Test("A record without a value is empty, whatever else it has")
  func skipsTombstones() {
    #expect(reader.read(Sample.record(nil as [UInt8]?, headers: Sample.binary())) == .empty)
    #expect(reader.read(Sample.record([])).fault?.reason == .notJSON)
  }

  @Test(
    "Content types of JSON events are served, with parameters and in any case",
    arguments: [
      "application/cloudevents+json", "application/cloudevents+json; charset=utf-8",
      "Application/CloudEvents+JSON;charset=\"UTF-8\"",
      "application/cloudevents+json ; x=y",
    ])
  func readsContentTypes(contentType: String) {
    #expect(reader.read(Sample.record(Sample.event(), headers: [Header("content-type", contentType)])).link != nil)
  }

  @Test(
    "Other content types are no CloudEvents",
    arguments: [
      "application/cloudevents-batch+json", "application/cloudevents+avro", "application/cloudevents",
      "application/json", "text/plain", "",
      "application/cloudevents+json; charset=latin1",
    ])
  func refusesContentTypes(contentType: String) {
    let reading = reader.read(Sample.record(Sample.event(), headers: [Header("content-type", contentType)]))
    #expect(reading.fault?.reason == .notCloudEvent)
    #expect(reading.identity == nil)
  }

  @Test("Data of a binary event must be announced as JSON, where it is announced")
  func checksDataContentType() {
    for type in ["application/json", "application/json; charset=utf-8", "text/json", "application/vnd.link+json"] {
      let headers = Sample.binary(replacing: ["content-type": Array(type.utf8)])
      #expect(reader.read(Sample.record(Sample.data, headers: headers)).link != nil, "\(type)")
    }
    for type in ["text/plain", "application/avro", "json", "application/json; charset=latin1"] {
      let reading = reader.read(
        Sample.record(Sample.data, headers: Sample.binary(replacing: ["content-type": Array(type.utf8)])))
      #expect(reading.fault?.reason == .notCloudEvent, "\(type)")
      #expect(reading.identity?.userId == 14601, "\(type)")
    }
    let structured = Sample.event(more: #","datacontenttype":"text/xml""#)
    #expect(reader.read(Sample.record(structured)).fault?.pointer == "/datacontenttype")
    #expect(reader.read(Sample.record(Sample.event(more: #","datacontenttype":null"#))).link != nil)
  }

  @Test("A batch, base64 data and two content types are no CloudEvents")
  func refusesWhatIsNotServed() {
    #expect(reader.read(Sample.record("[\(Sample.event())]")).fault?.reason == .notCloudEvent)
    #expect(reader.read(Sample.record("[\(Sample.event())]", headers: [])).fault?.reason == .notCloudEvent)
    #expect(reader.read(Sample.record("1")).fault?.reason == .notCloudEvent)
    let base64 = reader.read(Sample.record(Sample.event(more: #","data_base64":"e30=""#)))
    #expect(base64.fault?.reason == .notCloudEvent)
    #expect(base64.identity?.id == "7f3c-1")
    let twice = [Sample.structured, Sample.structured]
    #expect(reader.read(Sample.record(Sample.event(), headers: twice)).fault?.reason == .notCloudEvent)
  }

  @Test("A fault of an attribute is found in both modes, and the request is named where id and source are good")
  func checksAttributes() {
    for (name, isNamed) in [("ce_specversion", true), ("ce_id", false), ("ce_source", false), ("ce_type", true)] {
      let missing = reader.read(Sample.record(Sample.data, headers: Sample.binary(without: name)))
      #expect(missing.fault?.reason == .notCloudEvent, "\(name)")
      #expect((missing.identity?.userId == 14601) == isNamed, "\(name)")
      let headers = Sample.binary(more: [Header(name, "x")])
      let twice = reader.read(Sample.record(Sample.data, headers: headers))
      #expect(twice.fault?.reason == .notCloudEvent, "\(name)")
      #expect((twice.identity != nil) == isNamed, "\(name)")
      let broken = reader.read(Sample.record(Sample.data, headers: Sample.binary(replacing: [name: [0xFF]])))
      #expect(broken.fault?.reason == .notUTF8, "\(name)")
      #expect((broken.identity != nil) == isNamed, "\(name)")
    }
    for (member, pointer) in [
      (#""specversion":"0.3","id":"1","source":"s","type":"t""#, "/specversion"),
      (#""specversion":1.0,"id":"1","source":"s","type":"t""#, "/specversion"),
      (#""specversion":"1.0","id":1,"source":"s","type":"t""#, "/id"),
      (#""specversion":"1.0","id":"","source":"s","type":"t""#, "/id"),
      (#""specversion":"1.0","id":"1","type":"t""#, "/source"),
      (#""specversion":"1.0","id":"1","source":null,"type":"t""#, "/source"),
      (#""specversion":"1.0","id":"1","source":"s","type":"""#, "/type"),
      (#""specversion":"1.0","id":"1","source":"s","type":"t","time":"yesterday""#, "/time"),
    ] {
      let fault = reader.read(Sample.record("{\(member),\"data\":{}}")).fault
      #expect(fault?.reason == .notCloudEvent)
      #expect(fault?.pointer == pointer)
    }
  }

  @Test("id and source have 1 to 255 characters, counted as code points")
  func countsCharacters() {
    let longest = String(repeating: "😀", count: 255)
    #expect(
      reader.read(Sample.record(Sample.event(id: longest, source: longest))).link?.idempotencyKey.characterCount == 511)
    #expect(reader.read(Sample.record(Sample.event(id: longest + "x"))).fault?.pointer == "/id")
    #expect(reader.read(Sample.record(Sample.event(source: longest + "x"))).fault?.pointer == "/source")
  }

  @Test("A foreign type is unknown, whatever its data is")
  func knowsItsTypes() {
    for reading in [
      reader.read(Sample.record(Sample.event("null", type: "order.placed.v1"))),
      reader.read(
        Sample.record(
          "<xml/>", headers: Sample.binary(type: "order.placed.v1", replacing: ["content-type": Array("text/xml".utf8)])
        )),
    ] {
      guard case .unknownType(let fault) = reading else {
        Issue.record("\(reading) is no unknown type")
        continue
      }
      #expect(fault.reason == .unknownType)
    }
  }

  @Test("Key, headers and value together are limited, the worker's own header aside")
  func limitsSize() throws {
    let record = Sample.record(Sample.event(), headers: [Sample.structured, Header("x", "y")])
    let size = record.size
    #expect(RequestReader(eventMaxBytes: size).read(record).link != nil)
    let reading = RequestReader(eventMaxBytes: size - 1).read(record)
    #expect(reading.fault?.reason == .tooLarge)
    #expect(reading.identity == nil)
    var moved = record
    moved.headers.append(Header("linkworker.moved-from", String(repeating: "x", count: 5000)))
    #expect(RequestReader(eventMaxBytes: size).read(moved).link != nil)
    let binary = RequestReader(eventMaxBytes: 10).read(Sample.record(Sample.data, headers: Sample.binary()))
    #expect(binary.fault?.reason == .tooLarge)
    #expect(binary.identity == RequestIdentity(id: "7f3c-1", source: "/client-area/live"))
  }

  @Test("Of several faults the first counts: size, UTF-8, JSON, attributes, data")
  func ordersFaults() {
    let bad: [UInt8] = Array(#"{"a":1,"a":1,"#.utf8) + [0xFF]
    #expect(RequestReader(eventMaxBytes: 10).read(Sample.record(bad)).fault?.reason == .tooLarge)
    #expect(reader.read(Sample.record(bad)).fault?.reason == .notUTF8)
    #expect(reader.read(Sample.record(#"{"a":1,"a":1,"#)).fault?.reason == .duplicateName)
    #expect(reader.read(Sample.record(#"{"a":1,,"a":1}"#)).fault?.reason == .notJSON)
    #expect(reader.read(Sample.record(Sample.event("1", id: ""))).fault?.pointer == "/id")
  }

  @Test("In binary mode id and source are read whatever the value is, in structured mode only from a valid one")
  func namesRequests() {
    for value in ["", "{", #"{"userId":1,"userId":1}"#, "[]"] {
      let binary = reader.read(Sample.record(value, headers: Sample.binary()))
      #expect(binary.identity == RequestIdentity(id: "7f3c-1", source: "/client-area/live"), "\(value)")
    }
    #expect(
      reader.read(Sample.record(Array("\u{FF}".utf8) + [0xFF], headers: Sample.binary())).identity?.id == "7f3c-1")
    #expect(reader.read(Sample.record(String(Sample.event().dropLast()))).identity == nil)
    #expect(
      reader.read(Sample.record(Sample.event("[]"))).identity
        == RequestIdentity(id: "7f3c-1", source: "/client-area/live"))
  }

  @Test("data is level 1 in both modes: 32 levels are read")
  func countsLevels() {
    // The context is level 2.
    let deep = { (levels: Int) in
      #"{"userId":1,"brokerNames":["b"],"allAccounts":true,"context":{"a":\#(String(repeating: "[", count: levels - 2))\#(String(repeating: "]", count: levels - 2))}}"#
    }
    #expect(reader.read(Sample.record(Sample.event(deep(32)))).link != nil)
    #expect(reader.read(Sample.record(deep(32), headers: Sample.binary())).link != nil)
    #expect(reader.read(Sample.record(Sample.event(deep(33)))).fault?.reason == .tooDeep)
    #expect(reader.read(Sample.record(deep(33), headers: Sample.binary())).fault?.reason == .tooDeep)
  }

  @Test("The trace context comes from Kafka's header, else from the attribute, and only where it is harmless")
  func readsTraces() {
    let more = #","traceparent":"00-attribute","tracestate":"a=attribute""#
    let attribute = reader.read(Sample.record(Sample.event(more: more))).link?.trace
    #expect(attribute == TraceContext(traceparent: "00-attribute", tracestate: "a=attribute"))
    let headers = [Sample.structured, Header("traceparent", "00-header"), Header("tracestate", "a=header")]
    let header = reader.read(Sample.record(Sample.event(more: more), headers: headers)).link?.trace
    #expect(header == TraceContext(traceparent: "00-header", tracestate: "a=header"))
    let binary = Sample.binary(more: [Header("ce_traceparent", "00-ce"), Header("traceparent", "00-header")])
    #expect(reader.read(Sample.record(Sample.data, headers: binary)).link?.trace.traceparent == "00-header")
    let ce = Sample.binary(more: [Header("ce_traceparent", "00-ce")])
    #expect(reader.read(Sample.record(Sample.data, headers: ce)).link?.trace.traceparent == "00-ce")
    for harmful in ["a\r\nb: c", "é", "", String(repeating: "x", count: 513)] {
      let headers = [Sample.structured, Header("traceparent", harmful)]
      #expect(reader.read(Sample.record(Sample.event(), headers: headers)).link?.trace == TraceContext())
    }
  }
}
