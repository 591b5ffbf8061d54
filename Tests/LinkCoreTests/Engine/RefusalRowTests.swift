import Testing

@testable import LinkCore

@Suite("Users who are refused in a row")
struct RefusalRowTests {
  @Test("Where nobody was refused before, two users say that the credential is; one user, however often, does not")
  func two() {
    var row = RefusalRow()
    for _ in 0..<5000 { row.noteOther() }
    for _ in 0..<50 {
      row.note(1)
      #expect(!row.isOfAll)
    }
    row.note(2)
    #expect(row.isOfAll)
  }

  @Test(
    "Where some users are always refused, chance says nothing, and a refusal of all is known within 60 users",
    arguments: [0.001, 0.02, 0.05, 0.5])
  func chance(_ share: Double) {
    var row = RefusalRow()
    var random = SeededRandom(seed: 3)
    // What has not been seen before is learned first.
    var alarms = 0
    for user in Int64(1)...200_000 {
      if Double.random(in: 0..<1, using: &random) < share {
        row.note(user)
        if row.isOfAll, user > 5000 { alarms += 1 }
      } else {
        row.noteOther()
        row.end()
      }
    }
    #expect(alarms == 0)
    let needed = (1...60).first { user in
      row.note(-Int64(user))
      return row.isOfAll
    }
    #expect(needed.map { $0 >= 2 } == true)
  }

  @Test("Refusals of the credential, however many, say nothing of users: the next time two are enough again")
  func ofAll() {
    var row = RefusalRow()
    for user in Int64(1)...50 { row.noteOfAll(user) }
    #expect(row.isOfAll)
    row.end()
    for user in Int64(1)...50 { row.note(user) }
    row.end()
    row.note(51)
    #expect(!row.isOfAll)
    row.note(52)
    #expect(row.isOfAll)
  }

  @Test("A user who is answered something else is out of the row, and a success or another credential ends it")
  func others() {
    var row = RefusalRow()
    row.note(1)
    row.noteOther(to: 1)
    row.note(2)
    #expect(!row.isOfAll)
    row.end()
    row.note(3)
    #expect(!row.isOfAll)
  }
}
