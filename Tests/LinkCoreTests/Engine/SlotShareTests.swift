import Testing

@testable import LinkCore

@Suite("The share of slots of users whose calls hang")
struct SlotShareTests {
  private let world = EngineWorld {
    $0.concurrency = 8
    $0.retry.initial = 100
    $0.retry.limit = 500
  }

  private func isHanging(_ call: AdapterCall) -> Bool {
    String(decoding: call.body, as: UTF8.self).contains(#""ctidTraderAccountIds":[9]"#)
  }

  @Test("Links whose calls got no answer take half of the slots at most, and the other half is there for others")
  func half() {
    let world = EngineWorld {
      // So many calls at once the worker begins with.
      $0.concurrency = 4
      $0.retry.initial = 100
      $0.retry.limit = 500
    }
    world.assignAll()
    world.adapter = { [self] call in isHanging(call) ? nil : .token("t") }
    for user in 1...4 { world.produce(request(user: Int64(user), id: "r\(user)", account: 9)) }
    #expect(world.calls.count == 4, "what hangs for the first time is not known before")
    for call in world.calls { world.answer(call, .lost(reason: "timeout")) }
    world.pass(20_000)
    #expect(world.engine.load.calls == 2)
    for user in 100...200 { world.produce(request(user: Int64(user), id: "r\(user)")) }
    world.pass(20)
    #expect(world.events("link-account.token-ready.v1").count == 101)
    #expect(world.engine.load.ready == 0, "nobody waits in memory for a share that is taken")
  }

  @Test("A further link of a user that hangs falls under the share with its first call, until one is answered")
  func byUser() {
    world.assignAll()
    world.adapter = { _ in nil }
    for user in 1...8 { world.produce(request(user: Int64(user), id: "a\(user)", account: 9)) }
    for call in world.calls { world.answer(call, .lost(reason: "timeout")) }
    for user in 1...8 { world.produce(request(user: Int64(user), id: "b\(user)", account: 9)) }
    #expect(world.engine.load.calls == 4)
    world.adapter = { _ in .token("t") }
    for call in world.calls.suffix(4) { world.answer(call, .token("t")) }
    world.pass(60_000, step: 100)
    #expect(world.events("link-account.token-ready.v1").count == 16)
  }

  @Test("With one slot even a user that hangs gets it")
  func single() {
    var share = SlotShare()
    let scope = LinkScope(brokerNames: ["b"], accounts: .all)
    let digest = { (_: [UInt8]) in Digest([UInt8](repeating: 0, count: 32)) }
    guard let fingerprint = digest([]) else { return }
    let link = Link(
      key: LinkKey(userId: 1, idempotencyKey: "k"), fingerprint: fingerprint,
      state: .scheduled(due: .init(milliseconds: 0)),
      request: LinkRequest(id: "i", source: "s", userId: 1, idempotencyKey: "k", scope: scope),
      origin: .init(partition: 0, offset: 0, timestamp: .init(milliseconds: 0)))
    share.noteEnd(1, of: 1, .lost(reason: "x"))
    #expect(share.admits(link, slots: 1))
    share.noteCall(2, for: link)
    #expect(!share.admits(link, slots: 3))
    share.noteEnd(2, of: 1, .token("t"))
    share.noteCall(3, for: link)
    #expect(share.admits(link, slots: 1), "an answer ends it")
  }
}
