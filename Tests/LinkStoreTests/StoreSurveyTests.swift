import Glibc
import LinkCore
import LinkStore
import Testing

@Suite struct StoreSurveyTests {
  private let scratch = ScratchDirectory()

  @Test("A directory that is not there yet can be made, and is not")
  func absent() {
    let survey = StoreSurvey(path: scratch.path + "/some/where")
    #expect(!survey.exists && survey.obstacle == nil && survey.content == nil && !survey.isHeld)
    #expect((survey.freeBytes ?? 0) > 0)
    #expect(access(scratch.path + "/some", F_OK) != 0)
  }

  @Test("A file in its place is an obstacle, also above it")
  func inTheWay() {
    scratch.write([], to: scratch.store)
    defer { unlink(scratch.store) }
    for path in [scratch.store, scratch.store + "/below"] {
      #expect(StoreSurvey(path: path).obstacle?.exitCode == 73)
    }
  }

  @Test("A worker that holds it is seen and not disturbed; afterwards what it holds is counted, and no file is made")
  func content() throws {
    let binding = StoreBinding(clusterID: "c", requestsTopic: "r", stateTopic: "s", group: "g")
    try held(binding)
    let survey = StoreSurvey(path: scratch.store)
    #expect(!survey.isHeld && survey.content == .links(0, journaled: 1, binding: binding))
    #expect(scratch.files == ["instance", "links.db", "lock"])
  }

  /// The lock goes with the store, at the end of this.
  private func held(_ binding: StoreBinding) throws {
    let store = try scratch.open()
    try store.bind(binding)
    _ = try store.perform([.journal(ticket: 1, entries: [Sample.entry(Sample.key(1))])])
    let survey = StoreSurvey(path: scratch.store)
    #expect(survey.isHeld && survey.content == nil && survey.instanceID == store.instanceID)
    _ = try store.perform([.lookUp(ticket: 2, key: Sample.key(1))])
    try store.close()
  }

  @Test("A database that is none is told to be set aside, one of an unclean end is left to the worker")
  func damaged() throws {
    try scratch.open().close()
    scratch.write(Array("no database".utf8), to: scratch.database)
    guard case .unusable = StoreSurvey(path: scratch.store).content else {
      Issue.record("it counts as a store")
      return
    }
    scratch.write([1], to: scratch.database + "-wal")
    #expect(StoreSurvey(path: scratch.store).content == .unfinished)
  }
}
