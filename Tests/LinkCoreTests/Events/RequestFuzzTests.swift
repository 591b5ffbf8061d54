import LinkCore
import LinkCrypto
import Testing

@Suite("Poison events")
struct RequestFuzzTests {
  @Test(
    "120 000 mutated events are read without a crash, each in the same way twice, and what is taken keeps the rules")
  func readsMutations() {
    var random = SeededRandom(seed: 30)
    let reader = RequestReader()
    var counts: [String: Int] = [:]
    for _ in 0..<120_000 {
      let record = record(&random)
      let reading = reader.read(record)
      if random.once(in: 8), reader.read(record) != reading { Issue.record("\(record) was read in two ways") }
      switch reading {
      case .link(let request): check(request)
      case .replay, .empty: break
      case .unknownType(let fault), .malformed(let fault, _):
        if fault.sentence.isEmpty || fault.pointer.utf8.count > 255 {
          Issue.record("\(fault) says nothing, or too much")
        }
      }
      counts[name(reading), default: 0] += 1
    }
    // The mutations reach every end; a reader that took or refused everything would fail here.
    for name in [
      "link", "replay", "unknown_type", "not_utf8", "not_json", "duplicate_name", "not_cloudevent", "invalid_data",
      "too_large",
    ] {
      #expect(counts[name, default: 0] > 20, "\(name): \(counts)")
    }
  }

  @Test("Large poison is refused in little time")
  func refusesLargePoison() {
    let reader = RequestReader(eventMaxBytes: 4 << 20)
    let megabyte = String(repeating: "x", count: 1 << 20)
    for (value, reason) in [
      (String(repeating: "[", count: 100_000), .tooDeep), (String(repeating: #"{"a":"#, count: 100_000), .tooDeep),
      (Sample.event(#""\#(megabyte)""#), .invalidData), (#"{"\#(megabyte)":1,"\#(megabyte)":2}"#, .duplicateName),
      (Sample.event(#"{"userId":\#(String(repeating: "9", count: 1 << 20))}"#), .invalidData),
      ("\"\(megabyte)", .notJSON),
      (Sample.event("[\(String(repeating: "0,", count: 500_000))0]"), .invalidData),
    ] as [(String, Malformation.Reason)] {
      var reading = Reading.empty
      let time = ContinuousClock().measure { reading = reader.read(Sample.record(value)) }
      #expect(reading.fault?.reason == reason, "\(value.prefix(40))")
      #expect(time < .seconds(5), "\(value.prefix(40))")
    }
  }

  /// Half of the rules again, written differently: what the reader takes must not break them.
  private func check(_ request: LinkRequest) {
    let names = request.scope.brokerNames
    guard request.userId > 0, (1...32).contains(names.count), Set(names).count == names.count,
      names.allSatisfy({ name in
        (1...255).contains(name.string.unicodeScalars.count)
          && !name.string.unicodeScalars.contains { $0.properties.generalCategory == .control }
      })
    else {
      Issue.record("\(request) was taken")
      return
    }
    if case .some(let ids) = request.scope.accounts,
      ids.isEmpty || Set(ids).count != ids.count || ids.contains(where: { $0 < 1 })
    {
      Issue.record("\(request) was taken")
    }
    if let context = request.context,
      context.count > 4096 || (try? JSONValue(parsing: context, rootLevel: 2))?.kind != .object
    {
      Issue.record("\(request) was taken with its context")
    }
  }

  private func record(_ random: inout SeededRandom) -> SourceRecord {
    let seeds = [
      Sample.ordinary, Sample.event(),
      Sample.event(
        #"{"userId":9223372036854775807,"brokerNames":["\u00e9","e\u0301"],"allAccounts":true,"context":{"a":[1.5,{"b":null}]}}"#
      ),
      Sample.event(
        #"{"userId":5,"idempotencyKey":"k","reason":"r","operator":"o","force":true}"#,
        type: "link-account.replay-requested.v1"),
    ]
    let isBinary = random.once(in: 4)
    var value = Array((isBinary ? Sample.data : seeds.randomElement(using: &random) ?? "").utf8)
    for _ in 0..<Int.random(in: 0...3, using: &random) { mutate(&value, &random) }
    if random.once(in: 200) { value += [UInt8](repeating: 0x20, count: 65_536) }
    var headers = isBinary ? Sample.binary() : random.once(in: 3) ? [] : [Sample.structured]
    if random.once(in: 10), !headers.isEmpty {
      let index = Int.random(in: 0..<headers.count, using: &random)
      switch Int.random(in: 0..<4, using: &random) {
      case 0: headers.remove(at: index)
      case 1: headers.append(headers[index])
      case 2: headers[index].value = nil
      default: headers[index].value.map { mutate(&headers[index].value, $0, &random) }
      }
    }
    return Sample.record(random.once(in: 1000) ? nil : value, headers: headers)
  }

  private func mutate(_ value: inout [UInt8]?, _ bytes: [UInt8], _ random: inout SeededRandom) {
    var bytes = bytes
    mutate(&bytes, &random)
    value = bytes
  }

  /// One change: of a byte, of a number, of a name, of the structure.
  private func mutate(_ value: inout [UInt8], _ random: inout SeededRandom) {
    guard !value.isEmpty else { return }
    let place = Int.random(in: 0..<value.count, using: &random)
    let end = min(value.count, place + Int.random(in: 0...20, using: &random))
    switch Int.random(in: 0..<7, using: &random) {
    case 0: value[place] = UInt8.random(in: 0...255, using: &random)
    case 1: value.removeSubrange(place..<end)
    case 2: value.insert(contentsOf: value[place..<end], at: .random(in: 0...value.count, using: &random))
    case 3: value.replaceSubrange(place..<end, with: (Self.pieces.randomElement(using: &random) ?? "").utf8)
    case 4: swapMember(&value, &random)
    case 5: value[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
    default: replaceDigit(&value, &random)
    }
  }

  /// Repeats, or replaces, a piece between two commas: mostly still JSON.
  private func swapMember(_ value: inout [UInt8], _ random: inout SeededRandom) {
    let commas = value.indices.filter { value[$0] == UInt8(ascii: ",") }
    guard let from = commas.randomElement(using: &random), let to = commas.first(where: { $0 > from }),
      let place = commas.randomElement(using: &random)
    else { return }
    value.insert(contentsOf: value[from..<to], at: place)
  }

  private func replaceDigit(_ value: inout [UInt8], _ random: inout SeededRandom) {
    let digits = value.indices.filter { (0x30...0x39).contains(value[$0]) }
    guard let place = digits.randomElement(using: &random) else { return }
    value.replaceSubrange(place...place, with: (Self.numbers.randomElement(using: &random) ?? "").utf8)
  }

  private static let numbers = [
    "0", "-0", "00", "1.0", "1e0", "9223372036854775808", "9223372036854775807", "-1", "", "1E400",
    "99999999999999999999",
  ]
  private static let pieces = [
    "{", "}", "[", "]", "\"", "\\", "\\u0000", "\\ud800", "\\udc00", "null", "true", "1.5", "\u{FEFF}", ",", ":",
    "ctidTraderAccountId", "é", "\0",
    "\"data_base64\":\"\",", "{\"a\":{\"a\":{\"a\":[]}}}", "requested.v2", "//", "\u{85}",
  ]

  private func name(_ reading: Reading) -> String {
    switch reading {
    case .link: "link"
    case .replay: "replay"
    case .empty: "empty"
    case .malformed(let fault, _), .unknownType(let fault): fault.reason.rawValue
    }
  }
}
