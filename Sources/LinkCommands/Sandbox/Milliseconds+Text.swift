import LinkCore

extension Milliseconds {
  /// A length of time for people: `52 ms`, `1.4 s`, `12 min`.
  var forPeople: String {
    switch self {
    case ..<1_000: "\(Swift.max(self, 0)) ms"
    case ..<100_000: seconds
    default: "\(self / 60_000) min"
    }
  }

  /// In seconds with one digit behind the point, as a countdown or a clock shows it.
  var seconds: String {
    let tenths = Swift.max(self, 0) / 100
    return "\(tenths / 10).\(tenths % 10) s"
  }
}
