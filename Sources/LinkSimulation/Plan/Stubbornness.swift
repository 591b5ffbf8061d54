import LinkCore

/// Users to whom the adapter gives nothing for a while, also after the faults have stopped, and others who ask meanwhile: what promise P4 is
/// judged by.
struct Stubbornness: Sendable {
  /// The stubborn ones; each has many links.
  var users: [Int64]
  var manner: Manner
  /// How long before the faults stop it begins.
  var lead: Milliseconds
  /// What the others ask for; the time counts from when all has come to rest but for the stubborn ones.
  var quiet: [PlannedRequest]

  enum Manner: Sendable {
    /// Each call is answered by nothing after so long.
    case hangs(Milliseconds)
    /// Each call is answered 503, in its time.
    case fails
  }

  /// How long one of their calls takes.
  var callTime: ClosedRange<Milliseconds> {
    switch manner {
    case .hangs(let length): length...length
    case .fails: 500...1500
    }
  }
}

extension Stubbornness: CustomStringConvertible {
  var description: String {
    let what =
      switch manner {
      case .hangs(let length): "hangs for \(length) ms"
      case .fails: "is answered 503"
      }
    let names = users.map { "\($0)" }.joined(separator: ", ")
    return "from \(lead) ms before the faults stop each call of users \(names) \(what), until others were served"
  }
}

extension Plan {
  /// Draws users to whom the adapter gives nothing, and others. Four are as many as the calls that a worker may make at once; five would rightly
  /// open its circuit breaker.
  mutating func drawStubbornness(_ random: inout SeededRandom) {
    let count = [1, 2, 2, 4].randomElement(using: &random) ?? 1
    let areTogether = random.chance(500)
    let many = (51...90 as ClosedRange<Int64>).shuffled(using: &random)
    let home = HomePartition.of(userId: many[0], partitionCount: partitions)
    let users = many.filter { !areTogether || HomePartition.of(userId: $0, partitionCount: partitions) == home }
      .prefix(count)
    let hang = Milliseconds.random(in: 15...25, using: &random) * 1000
    let manner: Stubbornness.Manner = random.chance(700) ? .hangs(hang) : .fails
    let lead = Milliseconds.random(in: 0...6000, using: &random)
    for user in users {
      for key in 1...max(12, 40 / users.count) {
        let time = calmAt - lead + Milliseconds.random(in: 0...1500, using: &random)
        requests.append(
          PlannedRequest(
            number: requests.count + 1, time: time, ask: .link(user: user, key: key, account: 1, deadline: nil)))
      }
    }
    let quiet = (91...130 as ClosedRange<Int64>).shuffled(using: &random).prefix(4).enumerated().map { index, user in
      PlannedRequest(
        number: requests.count + 1 + index, time: Milliseconds.random(in: 0...4000, using: &random),
        ask: .link(user: user, key: 1, account: 1, deadline: nil))
    }
    stubbornness = Stubbornness(users: Array(users), manner: manner, lead: lead, quiet: quiet)
  }
}
