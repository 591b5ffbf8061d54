import LinkCore

extension Milliseconds {
  /// A length of time for people: `52 ms`, `1.4 s`, `12 min`, `7 h`, `9 d`.
  var forPeople: String {
    switch self {
    case ..<1_000: "\(Swift.max(self, 0)) ms"
    case ..<100_000: seconds
    case ..<7_200_000: "\(self / 60_000) min"
    case ..<172_800_000: "\(self / 3_600_000) h"
    default: "\(self / 86_400_000) d"
    }
  }

  /// In seconds with one digit behind the point, as a countdown or a clock shows it.
  var seconds: String {
    let tenths = Swift.max(self, 0) / 100
    return "\(tenths / 10).\(tenths % 10) s"
  }
}
