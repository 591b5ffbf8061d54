import LinkCore

extension EmulatorRule {
  /// Reads one line of the rules that the control API takes: the user's id, or nil for everybody, and the rule.
  static func read(_ line: [UInt8]) throws(Malformation) -> (userId: Int64?, rule: EmulatorRule) {
    let value = try JSONValue(parsing: line)
    guard value.kind == .object else { throw Malformation(.invalidData, "A rule is an object.") }
    var userId: Int64?
    var rule = EmulatorRule()
    var status: Int?
    var reject: String?
    var fault: Fault?
    var retryAfter: String?
    var location: String?
    for member in value.children {
      func invalid(_ sentence: String) -> Malformation { Malformation(.invalidData, at: member.pointer, sentence) }
      switch member.name {
      case "userId":
        guard let id = member.integer, id > 0 else { throw invalid("It is a positive integer.") }
        userId = id
      case "failFirst":
        guard let count = member.integer, count >= 0 else { throw invalid("It is an integer of at least 0.") }
        rule.failFirst = Int(count)
      case "latencyMs":
        guard let latency = member.integer else { throw invalid("It is an integer.") }
        rule.latency = latency
      case "status":
        guard let code = member.integer, (200...599).contains(code) else {
          throw invalid("It is a status, 200 to 599.")
        }
        status = Int(code)
      case "reject": reject = member.text?.string
      case "retryAfter": retryAfter = member.text?.string
      case "location": location = member.text?.string
      case "fault":
        guard let name = member.text?.string, let named = Fault(rawValue: name) else {
          throw invalid("It is one of \(Fault.allCases.map(\.rawValue).joined(separator: ", ")).")
        }
        fault = named
      default: throw invalid("A rule has no such member.")
      }
    }
    guard [status != nil, reject != nil, fault != nil].count(where: { $0 }) <= 1 else {
      throw Malformation(.invalidData, "A rule has one of status, reject and fault.")
    }
    if let reject {
      rule.failure = .rejected(errmsg: reject)
    } else if let fault {
      rule.failure = .fault(fault)
    } else if status != nil || (rule.failFirst ?? 0) > 0 || retryAfter != nil {
      rule.failure = .status(status ?? 503, retryAfter: retryAfter, location: location)
    }
    do { try rule.check() } catch { throw Malformation(.invalidData, "\(error)") }
    return (userId, rule)
  }
}
