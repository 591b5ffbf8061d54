import LinkCore
import Testing

/// What every `LinkStorage` must do, a sentence each: run them all against each implementation, on an empty store.
enum LinkStorageRule: String, CaseIterable, CustomTestStringConvertible {
  case unknown = "an unknown link is found as none"
  case applied = "an applied link is found as it was, and its later state replaces it"
  case tombstone = "a tombstone drops the link"
  case unicode = "canonically equivalent keys name different links"
  case order = "answers stand in the order of the work, which sees what came before it"
  case dueOrder = "due links come by time, then by source offset, and only of their partition"
  case dueLimit = "a limit leaves the rest for the next time, and its time is told"
  case deadlines = "of every four due links three come by their own deadlines, and one by its wait"
  case deadlinesSleep = "a near deadline makes no link due before its time"
  case deadlineTurn = "links that are taken one at a time come in the same order as those taken together"
  case userOrder = "links of one user that are taken together come by source offset"
  case parkedUntil = "a parked link wakes at the time it was parked until, and is no longer parked"
  case parkedOverdue = "a parked link past its deadline comes before those that have long waited"
  case taken = "a taken link sleeps until it is applied or woken"
  case parked = "parked links come by user, lowest source offset first, and are not due"
  case parkedWoken = "a parked link that is woken is due, and no longer parked"
  case putOff = "a link that is put off sleeps until then, and in the view it is due as before"
  case journaled = "a journaled answer is found with its link's replay number alone"
  case journaledDue = "a due link comes with its journaled answer"
  case settled = "a settled answer is gone, and another one stays"
  case replaced = "a later answer to the same replay number replaces the earlier one"
  case expired = "ended links are listed oldest first, up to a limit"
  case endedSleeps = "an ended link is never due, parked or woken"
  case nothing = "work on unknown links changes nothing"

  var testDescription: String { rawValue }

  /// Checks the rule on an empty store.
  func check(_ store: inout some LinkStorage) throws {
    let (a, b, c) = (Sample.key(1), Sample.key(2), Sample.key(3))
    switch self {
    case .unknown:
      let (link, journaled) = try store.found(a)
      #expect(link == nil)
      #expect(journaled == nil)

    case .applied:
      let first = Sample.scheduled(a, due: 50, offset: 9)
      try store.apply([first])
      #expect(try store.found(a).link == first)
      let second = Sample.link(a, .failed(at: Sample.at(60), code: .adapterRejected), offset: 9)
      try store.apply([second])
      #expect(try store.found(a).link == second)

    case .tombstone:
      try store.apply([Sample.scheduled(a, due: 50), Sample.scheduled(b, due: 50)])
      _ = try store.perform([Sample.apply([.tombstone(.link(a))])])
      #expect(try store.found(a).link == nil)
      #expect(try store.found(b).link != nil)

    case .unicode:
      let (composed, decomposed) = (Sample.key(1, "caf\u{E9}"), Sample.key(1, "cafe\u{301}"))
      try store.apply([Sample.scheduled(composed, due: 50)])
      #expect(try store.found(decomposed).link == nil)
      try store.apply([Sample.scheduled(decomposed, due: 70)])
      #expect(try store.found(composed).link?.state == .scheduled(due: Sample.at(50)))
      #expect(try store.found(decomposed).link?.state == .scheduled(due: Sample.at(70)))

    case .order:
      let answers = try store.perform([
        .lookUp(ticket: 1, key: a),
        .journal(ticket: 2, entries: [Sample.entry(a)]),
        .lookUp(ticket: 3, key: a),
        .apply(
          ticket: 4,
          AppliedBatch(
            records: [0: [.link(Sample.scheduled(a, due: 1))]], checkpoints: [0: 1],
            settled: [JournalKey(link: a, replay: 0)])),
        .park(partition: 0, [(b, until: Sample.at(9))]),
        .takeDue(ticket: 5, partition: 0, until: Sample.at(5), limit: 9, taken: 0),
        .listExpired(ticket: 6, partition: 0, before: Sample.at(5), limit: 9),
      ])
      #expect(answers.map(\.ticket) == [1, 2, 3, 4, 5, 6])
      guard answers.count == 6, case .found(_, nil, nil) = answers[0], case .found(_, nil, .some) = answers[2],
        case .due(_, let links, nil) = answers[4]
      else {
        Issue.record("The answers are \(answers)")
        return
      }
      #expect(links.map(\.link.key) == [a])
      #expect(links.first?.journaled == nil)

    case .dueOrder:
      try store.apply([
        Sample.scheduled(a, due: 20, offset: 1), Sample.scheduled(b, due: 10, offset: 8),
        Sample.scheduled(c, due: 10, offset: 7), Sample.scheduled(Sample.key(4), due: 31, offset: 2),
      ])
      try store.apply([Sample.scheduled(Sample.key(5), due: 1, partition: 1)], partition: 1)
      let (links, next) = try store.due(until: 30)
      #expect(links.map(\.link.key) == [c, b, a])
      #expect(next == Sample.at(31))

    case .dueLimit:
      try store.apply((1...5).map { Sample.scheduled(Sample.key($0), due: $0, offset: $0) })
      let first = try store.due(until: 100, limit: 2)
      #expect(first.links.map(\.link.key.userId) == [1, 2])
      #expect(first.next == Sample.at(3))
      #expect(try store.due(until: 100, limit: 0).links.isEmpty)
      let second = try store.due(until: 100, limit: 9)
      #expect(second.links.map(\.link.key.userId) == [3, 4, 5])
      #expect(second.next == nil)

    case .deadlines:
      try store.apply(
        (1...8).map { Sample.scheduled(Sample.key($0), due: $0) }
          + (11...18).map { Sample.scheduled(Sample.key($0), due: 50, deadline: 1000 - $0) })
      let (links, next) = try store.due(until: 60, limit: 13)
      #expect(links.map(\.link.key.userId) == [18, 17, 16, 1, 15, 14, 13, 2, 12, 11, 3, 4, 5])
      #expect(next == Sample.at(6))

    case .deadlinesSleep:
      try store.apply([Sample.scheduled(a, due: 40, deadline: 50), Sample.scheduled(b, due: 10, deadline: 90)])
      #expect(try store.due(until: 39).links.map(\.link.key) == [b])
      #expect(try store.due(until: 40).links.map(\.link.key) == [a])

    case .deadlineTurn:
      try store.apply(
        (1...4).map { Sample.scheduled(Sample.key($0), due: $0) }
          + (11...14).map { Sample.scheduled(Sample.key($0), due: 50, deadline: $0 * 10) })
      var users: [Int64] = []
      for taken in 0..<8 { users += try store.due(until: 60, limit: 1, taken: taken).links.map(\.link.key.userId) }
      #expect(users == [11, 12, 13, 1, 14, 2, 3, 4])

    case .userOrder:
      try store.apply([
        Sample.scheduled(Sample.key(1, "x"), due: 9, offset: 3),
        Sample.scheduled(Sample.key(1, "y"), due: 5, offset: 8, deadline: 60),
        Sample.scheduled(Sample.key(1, "z"), due: 7, offset: 5), Sample.scheduled(b, due: 1, offset: 9),
      ])
      #expect(try store.due(until: 10).links.map(\.link.origin.offset) == [3, 9, 5, 8])

    case .parkedUntil:
      try store.apply([Sample.scheduled(a, due: 10)])
      _ = try store.due(until: 10)
      try store.park([a], until: 30)
      let early = try store.due(until: 29)
      #expect(early.links.isEmpty && early.next == Sample.at(30))
      #expect(try store.due(until: 30).links.map(\.link.key) == [a])
      #expect(try store.parked(1).isEmpty)

    case .parkedOverdue:
      try store.apply(
        [Sample.scheduled(a, due: 10, deadline: 30), Sample.scheduled(b, due: 10, deadline: 99)]
          + (11...14).map { Sample.scheduled(Sample.key($0), due: $0) })
      try store.park([a], until: 30)
      try store.park([b], until: 20)
      #expect(try store.due(until: 30).links.map(\.link.key.userId) == [1, 11, 12, 13, 14, 2])

    case .taken:
      let link = Sample.scheduled(a, due: 10)
      try store.apply([link])
      #expect(try store.due(until: 10).links.count == 1)
      #expect(try store.due(until: 10).links.isEmpty)
      _ = try store.perform([.wake(partition: 0, keys: [a])])
      let (links, _) = try store.due(until: 10)
      #expect(links.map(\.link) == [link])
      try store.apply([Sample.scheduled(a, due: 11)])
      #expect(try store.due(until: 10).next == Sample.at(11))

    case .parked:
      let user = { (text: Text, offset: Int64) in Sample.scheduled(Sample.key(1, text), due: 10, offset: offset) }
      try store.apply([user("x", 3), user("y", 1), user("z", 2), Sample.scheduled(b, due: 10)])
      _ = try store.due(until: 10)
      try store.park([Sample.key(1, "x"), Sample.key(1, "y"), b])
      #expect(try store.due(until: 100).links.isEmpty)
      #expect(try store.parked(1, partition: 1).isEmpty)
      #expect(try store.parked(1).map(\.link.key.idempotencyKey) == ["y"])
      #expect(try store.parked(1).map(\.link.key.idempotencyKey) == ["x"])
      #expect(try store.parked(1).isEmpty)
      #expect(try store.parked(2).map(\.link.key) == [b])

    case .parkedWoken:
      try store.apply([Sample.scheduled(a, due: 10)])
      try store.park([a])
      _ = try store.perform([.wake(partition: 0, keys: [a])])
      #expect(try store.parked(1).isEmpty)
      #expect(try store.due(until: 10).links.map(\.link.key) == [a])

    case .putOff:
      try store.apply([Sample.scheduled(a, due: 10), Sample.scheduled(b, due: 10)])
      _ = try store.due(until: 10)
      _ = try store.perform([
        .park(partition: 0, [(b, until: Sample.at(9))]),
        .putOff(partition: 0, [(a, until: Sample.at(50)), (b, until: Sample.at(40)), (c, until: Sample.at(30))]),
      ])
      #expect(try store.parked(2).isEmpty)
      let early = try store.due(until: 39)
      #expect(early.links.isEmpty && early.next == Sample.at(40))
      let links = try store.due(until: 50).links.map(\.link)
      #expect(links.map(\.key) == [b, a])
      #expect(links.allSatisfy { $0.state == .scheduled(due: Sample.at(10)) })

    case .journaled:
      let entry = Sample.entry(a, replay: 0, payload: "first")
      let replayed = Sample.entry(a, replay: 1, payload: "second")
      _ = try store.perform([.journal(ticket: 1, entries: [entry, replayed])])
      let unknown = try store.found(a).journaled
      #expect(unknown?.payload == entry.payload)
      #expect(unknown?.fingerprint == entry.fingerprint)
      #expect(unknown?.expiresAt == entry.expiresAt)
      #expect(unknown?.partition == entry.partition)
      try store.apply([Sample.scheduled(a, due: 10, replay: 1)])
      #expect(try store.found(a).journaled?.payload == replayed.payload)
      try store.apply([Sample.scheduled(a, due: 10, replay: 2)])
      #expect(try store.found(a).journaled == nil)
      #expect(try store.found(b).journaled == nil)

    case .journaledDue:
      try store.apply([Sample.scheduled(a, due: 10), Sample.scheduled(b, due: 11)])
      _ = try store.perform([.journal(ticket: 1, entries: [Sample.entry(b), Sample.entry(a, replay: 1)])])
      #expect(try store.due(until: 20).links.map { $0.journaled?.key.link } == [nil, b])
      try store.park([b])
      #expect(try store.parked(2).map { $0.journaled?.key.link } == [b])

    case .settled:
      _ = try store.perform([
        .journal(ticket: 1, entries: [Sample.entry(a), Sample.entry(b)]),
        Sample.apply([], settled: [JournalKey(link: a, replay: 0), JournalKey(link: b, replay: 1)]),
      ])
      #expect(try store.found(a).journaled == nil)
      #expect(try store.found(b).journaled != nil)

    case .replaced:
      _ = try store.perform([.journal(ticket: 1, entries: [Sample.entry(a, payload: "first")])])
      _ = try store.perform([.journal(ticket: 1, entries: [Sample.entry(a, payload: "second", expires: 5)])])
      #expect(try store.found(a).journaled?.payload == Secret(Array("second".utf8)))
      #expect(try store.found(a).journaled?.expiresAt == Sample.at(5))

    case .expired:
      try store.apply([
        Sample.link(a, .succeeded(at: Sample.at(30))),
        Sample.link(b, .failed(at: Sample.at(10), code: .adapterRejected)),
        Sample.link(c, .succeeded(at: Sample.at(40))), Sample.scheduled(Sample.key(4), due: 5),
      ])
      #expect(try store.expired(before: 40) == [b, a])
      #expect(try store.expired(before: 41, limit: 1) == [b])
      #expect(try store.expired(before: 41, partition: 1).isEmpty)

    case .endedSleeps:
      try store.apply([Sample.link(a, .succeeded(at: Sample.at(1)))])
      _ = try store.perform([.wake(partition: 0, keys: [a])])
      try store.park([a], until: 2)
      #expect(try store.due(until: 100).links.isEmpty)
      #expect(try store.parked(1).isEmpty)
      #expect(try store.found(a).link?.state == .succeeded(at: Sample.at(1)))

    case .nothing:
      _ = try store.perform([
        .wake(partition: 0, keys: [a]), .park(partition: 0, [(a, until: Sample.at(5))]),
        Sample.apply(
          [.tombstone(.link(a)), .tombstone(.mark(partition: 0, offset: 3))], settled: [JournalKey(link: a, replay: 0)]),
      ])
      #expect(try store.found(a).link == nil)
      #expect(try store.due(until: 100).links.isEmpty)
      #expect(try store.perform([]).isEmpty)
    }
  }
}

extension StoreAnswer {
  /// The ticket that it answers.
  var ticket: UInt64 {
    switch self {
    case .found(let ticket, _, _), .journaled(let ticket), .applied(let ticket), .due(let ticket, _, _),
      .expired(let ticket, _):
      ticket
    }
  }
}
