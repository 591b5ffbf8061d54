import Foundation
import LinkCore
import LinkSandbox
import LinkTestSupport
import Testing

/// Each class of error as a socket sees it, where every call is to be one.
@Suite("The emulator's classes of error, byte by byte", .timeLimit(.minutes(10)))
struct EmulatorClassTests {
  @Test("A status is a whole answer with s=error; 5xx is each of four", arguments: ["5xx", "418", "401", "403", "500"])
  func statuses(_ name: String) throws {
    let calls = Calls()
    let emulator = try failing(always: name, calls)
    defer { emulator.stop() }
    let client = try HTTPTestClient(port: emulator.port)
    let answers = try (0..<40).map { _ in try #require(try client.generate(body(1))) }
    for answer in answers {
      #expect(answer.isWhole)
      #expect(try answer.json["s"]?.text == "error")
      #expect(answer.headers["retry-after"] == nil)
    }
    let expected: Set<Int> = name == "5xx" ? [500, 502, 503, 504] : [try #require(Int(name))]
    #expect(Set(answers.map(\.status)) == expected)
    #expect(emulator.stats.tokens == 0 && emulator.stats.calls == 40)
    let kind: EmulatorAnswerClass = expected.contains(500) ? .serverError : .init(rawValue: name) ?? .clientError
    #expect(emulator.stats.answersByClass == [kind: 40])
    #expect(calls.all.allSatisfy { $0.kind == kind && $0.userId == 1 && expected.contains($0.status ?? 0) })
  }

  @Test("429 says in Retry-After what it was told: seconds, a date, or nothing")
  func retryAfter() throws {
    let emulator = try emulator()
    defer { emulator.stop() }
    func header(_ text: String) throws -> String? {
      let retryAfter = try #require(EmulatorRetryAfter(text))
      #expect(retryAfter.name == text)
      try emulator.setRates(EmulatorRates([.status(429): 1], retryAfter: retryAfter))
      let answer = try #require(try HTTPTestClient(port: emulator.port).generate(body(1)))
      #expect(answer.status == 429)
      return answer.headers["retry-after"]
    }
    #expect(try header("7") == "7")
    #expect(try header("none") == nil)
    let date = try #require(try header("date:90"))
    let formatter = DateFormatter()
    formatter.locale = Locale(identifier: "en_US_POSIX")
    formatter.timeZone = TimeZone(identifier: "GMT")
    formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
    let moment = try #require(formatter.date(from: date))
    #expect((60...91).contains(moment.timeIntervalSinceNow))
    for text in ["", "-1", "1.5", "date:", "date:x", "86401", "soon"] { #expect(EmulatorRetryAfter(text) == nil) }
  }

  @Test("A rejection is 200 with an errmsg, a redirect names a host that cannot exist")
  func answersWithWords() throws {
    let rejecting = try failing(always: "error")
    let redirecting = try failing(always: "redirect")
    defer {
      rejecting.stop()
      redirecting.stop()
    }
    let rejection = try #require(try HTTPTestClient(port: rejecting.port).generate(body(1)))
    #expect(rejection.status == 200)
    #expect(try rejection.json["s"]?.text == "error" && rejection.json["errmsg"]?.text?.utf8.isEmpty == false)
    let redirect = try #require(try HTTPTestClient(port: redirecting.port).generate(body(1)))
    #expect(redirect.status == 307)
    #expect(redirect.headers["location"] == "http://another-host.invalid/generate/token")
    #expect(rejecting.stats.answersByClass == [.rejected: 1] && redirecting.stats.answersByClass == [.redirect: 1])
    #expect(rejecting.stats.tokens == 0 && redirecting.stats.tokens == 0)
  }

  @Test("cut and lost close the connection without a byte, and only lost has made a token")
  func closed() throws {
    for (name, tokens) in [("cut", 0), ("lost", 3)] {
      let calls = Calls()
      let emulator = try failing(always: name, calls)
      defer { emulator.stop() }
      for _ in 0..<3 { #expect(try HTTPTestClient(port: emulator.port).generate(body(1)) == nil) }
      #expect(emulator.stats.tokens == tokens && emulator.stats.answersByStatus == [0: 3])
      #expect(emulator.stats.concurrent == 0)
      #expect(calls.all.map(\.kind.rawValue) == [name, name, name] && calls.all.allSatisfy { $0.status == nil })
    }
  }

  @Test("truncate ends after the headers and half of the body, huge has 100 MB, and tokens were made for both")
  func halfAndHuge() throws {
    let truncating = try failing(always: "truncate")
    let huge = try failing(always: "huge")
    defer {
      truncating.stop()
      huge.stop()
    }
    let half = try #require(try HTTPTestClient(port: truncating.port).generate(body(1)))
    #expect(half.status == 200 && !half.isWhole && half.text.hasPrefix(#"{"s":"ok","d":""#))
    #expect(half.headers["content-length"].flatMap { Int($0) } == half.body.count * 2 + half.body.count % 2)
    let all = try #require(try HTTPTestClient(port: huge.port).generate(body(1)))
    #expect(all.status == 200 && all.body.count == 100_000_000 && all.isWhole)
    #expect(truncating.stats.tokens == 1 && huge.stats.tokens == 1)
  }

  @Test("garbage is not JSON, or a token without s, or ok without a token; each has a name of its own")
  func garbage() throws {
    func shapes(_ name: String) throws -> Set<String> {
      let emulator = try failing(always: name)
      defer { emulator.stop() }
      let client = try HTTPTestClient(port: emulator.port)
      return Set(
        try (0..<30).map { _ in
          let answer = try #require(try client.generate(body(1)))
          #expect(answer.status == 200 && answer.isWhole)
          guard let json = try? answer.json else { return "not-json" }
          return json["s"] == nil && json["d"]?.text != nil ? "no-s" : answer.text == #"{"s":"ok"}"# ? "empty" : "?"
        })
    }
    #expect(try shapes("garbage") == ["not-json", "no-s", "empty"])
    for name in ["not-json", "no-s", "empty"] { #expect(try shapes(name) == [name]) }
  }

  @Test("A dripping answer is whole in the end, and a call that hangs is told once its caller has given up")
  func slow() throws {
    let calls = Calls()
    let dripping = try failing(always: "drip")
    let hanging = try failing(always: "hang", calls)
    let dripped = try HTTPTestClient(port: dripping.port)
    dripped.write("POST", "/generate/token", headers: rightHeaders, body: body(1))
    do {
      let givingUp = try HTTPTestClient(port: hanging.port)
      givingUp.write("POST", "/generate/token", headers: rightHeaders, body: body(1))
      try awaiting("The call") { hanging.stats.calls == 1 }
      #expect(calls.all.isEmpty)
    }
    try awaiting("The end of the call", within: 20) { calls.all.count == 1 }
    #expect(calls.all.first?.kind == .hang && calls.all.first?.status == nil)
    dripping.stop()
    hanging.stop()
    #expect(try dripped.read()?.isWhole == true)
    #expect(dripping.stats.tokens == 1 && hanging.stats.tokens == 1)
  }

  @Test("Rates are for users without a rule, and a refused credential comes before them")
  func precedence() throws {
    let emulator = try emulator {
      $0.rates = EmulatorRates([.status(500): 1])
      $0.rules = [1: EmulatorRule(latency: 1), 2: EmulatorRule(failure: .status(503), failFirst: 1)]
    }
    defer { emulator.stop() }
    let client = try HTTPTestClient(port: emulator.port)
    #expect(try [1, 2, 2, 3].map { try client.generate(body($0))?.status } == [200, 503, 200, 500])
    emulator.setRuleForAll(EmulatorRule(latency: 0))
    #expect(try client.generate(body(3))?.status == 200)
    #expect(try client.send("POST", "/generate/token", body: body(3))?.status == 401)
    #expect(emulator.stats.answersByClass == [.ok: 3, .serverError: 2, .unauthorized: 1])
  }

  /// An emulator whose every call is of one class.
  private func failing(always name: String, _ calls: Calls = Calls()) throws -> AdapterEmulator {
    let kind = try #require(EmulatorErrorClass(name: name))
    #expect(kind.name == name)
    return try emulator(telling: calls) { $0.rates = EmulatorRates([kind: 1]) }
  }
}
