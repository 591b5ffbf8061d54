import Foundation
import LinkCore
import LinkHTTP
import LinkSandbox
import LinkTestSupport
import Testing

/// The emulator's classes of error as the worker's own client takes them.
@Suite("What the client makes of each class of the emulator's errors", .timeLimit(.minutes(10)))
struct EmulatorClassTests {
  @Test(
    "A status is a response with that status",
    arguments: ["5xx", "429", "401", "403", "404", "redirect"])
  func statuses(_ name: String) async throws {
    let emulator = try Self.emulator(always: name)
    defer { emulator.stop() }
    let answer = try await TestClient(emulator.baseURL).call()
    let status = try #require(answer.status)
    switch name {
    case "5xx": #expect([500, 502, 503, 504].contains(status))
    case "redirect": #expect(status == 307)
    default: #expect("\(status)" == name)
    }
    #expect(answer.retryAfter == (name == "429" ? .delay(1_000) : nil))
    #expect(emulator.stats.tokens == 0)
  }

  @Test("A Retry-After that is a date is read as that date")
  func retryDate() async throws {
    let emulator = try Self.emulator(always: "429")
    defer { emulator.stop() }
    try emulator.setRates(EmulatorRates([.status(429): 1], retryAfter: .date(90)))
    guard case .date(let moment)? = try await TestClient(emulator.baseURL).call().retryAfter else {
      throw Missing("A date")
    }
    let distance = Double(moment.milliseconds) / 1_000 - Date().timeIntervalSince1970
    #expect((60...91).contains(distance))
  }

  @Test(
    "What gives no whole answer is lost, whether a token was made for it or not",
    arguments: ["cut", "lost", "truncate", "huge", "drip", "hang"])
  func lost(_ name: String) async throws {
    let emulator = try Self.emulator(always: name)
    defer { emulator.stop() }
    let client = try TestClient(emulator.baseURL) { $0.totalTimeout = name == "huge" ? 20_000 : 500 }
    #expect(await client.call().lost != nil)
    #expect(emulator.stats.calls == 1 && emulator.stats.tokens == (name == "cut" ? 0 : 1))
  }

  @Test(
    "Garbage and rejections are responses whose body says what they are",
    arguments: ["not-json", "no-s", "empty", "error"])
  func bodies(_ name: String) async throws {
    let emulator = try Self.emulator(always: name)
    defer { emulator.stop() }
    let answer = try await TestClient(emulator.baseURL).call()
    #expect(answer.status == 200)
    switch AdapterReply.parse(Secret(Array((answer.body ?? "").utf8))) {
    case .ok: Issue.record("Nobody may take \(name) for a token")
    case .error(let errmsg): #expect(name == "error" && errmsg?.utf8.isEmpty == false)
    case .unreadable: #expect(name != "error")
    }
  }

  @Test("An outage of each kind is a status or a lost answer, and after it the next call succeeds")
  func outage() async throws {
    let emulator = try Self.emulator(always: "418")
    defer { emulator.stop() }
    try emulator.setRates(EmulatorRates())
    let client = try TestClient(emulator.baseURL) { $0.totalTimeout = 500 }
    for (id, kind) in zip(UInt64(1)..., [EmulatorOutage.status(502), .hang, .cut, .refuse]) {
      emulator.setOutage(kind)
      let answer = await client.call(id)
      if case .status(let status) = kind { #expect(answer.status == status) } else { #expect(answer.lost != nil) }
      emulator.setOutage(nil)
      #expect(await client.call(id + 100).status == 200)
    }
    #expect(emulator.stats.tokens == 4 && emulator.stats.answersByClass == [.outage: 4, .ok: 4])
  }

  private static func emulator(always name: String) throws -> AdapterEmulator {
    let emulator = try AdapterClientTests.emulator()
    try emulator.setRates(EmulatorRates([try #require(EmulatorErrorClass(name: name)): 1]))
    return emulator
  }
}
