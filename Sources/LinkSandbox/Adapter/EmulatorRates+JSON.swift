import LinkCore

extension EmulatorRates {
  /// Reads what the control API takes and gives: `{"5xx":0.1,"429":0.05,"retryAfter":"1"}`.
  init(json: [UInt8]) throws(Malformation) {
    let value = try JSONValue(parsing: json)
    guard value.kind == .object else { throw Malformation(.invalidData, "Rates are an object.") }
    self.init()
    for member in value.children {
      func invalid(_ sentence: String) -> Malformation { Malformation(.invalidData, at: member.pointer, sentence) }
      if member.isNamed("retryAfter") {
        guard let text = member.text?.string, let read = EmulatorRetryAfter(text) else {
          throw invalid("It is a string: seconds up to 86400, date: with seconds, or none.")
        }
        retryAfter = read
        continue
      }
      guard let kind = EmulatorErrorClass(name: member.name.string) else {
        throw invalid("There is no such class but \(EmulatorErrorClass.names).")
      }
      guard member.kind == .number, let share = Double(String(decoding: member.written, as: UTF8.self)) else {
        throw invalid("A rate is a number from 0 to 1.")
      }
      shares[kind] = share
    }
    do { try check() } catch { throw Malformation(.invalidData, "\(error)") }
  }

  /// As they are read.
  var json: [UInt8] {
    let members = ordered.map { "\"\($0.kind.name)\":\($0.share)," }.joined()
    return Array("{\(members)\"retryAfter\":\"\(retryAfter.name)\"}".utf8)
  }
}
