import LinkCore
import LinkSandbox
import LinkTestSupport
import Testing

@Suite("The emulator's switches at run time", .timeLimit(.minutes(10)))
struct EmulatorSwitchTests {
  @Test("An outage is for everybody, of five kinds, and ends; no token is made in it and the control API stays")
  func outage() throws {
    let calls = Calls()
    let emulator = try emulator(telling: calls) { $0.rules = [1: EmulatorRule(latency: 0)] }
    defer { emulator.stop() }
    let control = try HTTPTestClient(port: emulator.port)
    func put(_ word: String) throws -> String? {
      let answer = try control.send("PUT", "/_emulator/outage", body: word)
      #expect(try control.send("GET", "/_emulator/outage")?.text == answer?.text)
      #expect(answer?.text.hasSuffix("}\n") == true)
      return answer?.text.split(separator: "\n").joined()
    }
    func call() throws -> Int? { try HTTPTestClient(port: emulator.port).generate(body(1))?.status }

    #expect(try control.send("GET", "/_emulator/outage")?.text == "{\"outage\":\"off\"}\n")
    #expect(try put("on\n") == #"{"outage":"503"}"# && call() == 503)
    #expect(try put("599") == #"{"outage":"599"}"# && call() == 599)
    #expect(try HTTPTestClient(port: emulator.port).send("POST", "/logout")?.status == 599)
    #expect(try put("cut") == #"{"outage":"cut"}"# && call() == nil)
    #expect(try put("refuse") == #"{"outage":"refuse"}"# && call() == nil)
    #expect(try HTTPTestClient(port: emulator.port).send("GET", "/anything") == nil)
    #expect(try put("hang") == #"{"outage":"hang"}"#)
    do {
      let hanging = try HTTPTestClient(port: emulator.port)
      hanging.write("POST", "/generate/token", headers: rightHeaders, body: body(1))
      try awaiting("The hanging call") { emulator.stats.answersByClass[.outage] == 5 }
    }
    #expect(try put("off") == #"{"outage":"off"}"# && call() == 200)
    try awaiting("The end of the hanging call", within: 20) { calls.all.count == 6 }
    #expect(emulator.stats.answersByClass == [.outage: 5, .ok: 1])
    #expect(emulator.stats.answersByStatus == [0: 3, 503: 1, 599: 1, 200: 1])
    #expect(emulator.stats.calls == 1 && emulator.stats.tokens == 1 && emulator.outage == nil)
    for word in ["", "On", "404", "600", "down", "on on"] {
      let answer = try #require(try control.send("PUT", "/_emulator/outage", body: word))
      #expect(answer.status == 400)
      #expect(try answer.json["errmsg"]?.text?.string.contains("refuse") == true)
    }
    #expect(emulator.outage == nil)
  }

  @Test("Rates are changed as a whole and come back as they are put; what makes no sense changes nothing")
  func rates() throws {
    let emulator = try emulator()
    defer { emulator.stop() }
    let control = try HTTPTestClient(port: emulator.port)
    #expect(try control.send("GET", "/_emulator/rates")?.text == "{\"retryAfter\":\"1\"}\n")
    let rates = #"{"403":0.25,"429":0.5,"drip":1e-05,"5xx":0.2,"retryAfter":"date:3"}"#
    let put = try #require(try control.send("PUT", "/_emulator/rates", body: rates))
    #expect(put.status == 200)
    let read = try #require(try control.send("GET", "/_emulator/rates"))
    #expect(read.text == put.text)
    #expect(read.text == #"{"403":0.25,"429":0.5,"5xx":0.2,"drip":1e-05,"retryAfter":"date:3"}"# + "\n")
    #expect(try control.send("PUT", "/_emulator/rates", body: read.text)?.text == read.text)
    let bad = [
      "", "[]", #"{"5xx":1.1}"#, #"{"5xx":-0.1}"#, #"{"5xx":0.6,"429":0.5}"#, #"{"5xx":"0.1"}"#, #"{"6xx":0.1}"#,
      #"{"200":0.1}"#, #"{"5xx":0.1,"5xx":0.1}"#, #"{"retryAfter":1}"#, #"{"retryAfter":"x"}"#, #"{"5xx":null}"#,
    ]
    for body in bad {
      let answer = try #require(try control.send("PUT", "/_emulator/rates", body: body))
      #expect(answer.status == 400, "\(body)")
    }
    #expect(try control.send("GET", "/_emulator/rates")?.text == read.text)
    #expect(throws: SandboxFailure.self) { try emulator.setRates(EmulatorRates([.status(200): 0.1])) }
    #expect(try control.send("PUT", "/_emulator/rates", body: #"{"418":1}"#)?.status == 200)
    #expect(try control.generate(body(1))?.status == 418)
    #expect(try control.send("POST", "/_emulator/reset")?.status == 200)
    #expect(try control.generate(body(1))?.status == 200)
  }

  @Test("The index names every method and path, and each of them is there")
  func index() throws {
    let emulator = try emulator()
    defer { emulator.stop() }
    let control = try HTTPTestClient(port: emulator.port)
    let index = try #require(try control.send("GET", "/_emulator/"))
    #expect(index.status == 200)
    let rows = index.text.split(separator: "\n").map { $0.split(separator: " ", omittingEmptySubsequences: true) }
    #expect(rows.count == AdapterEmulator.controlGuide.count && rows.count > 10)
    _ = try control.generate(body(1))
    for row in rows.dropFirst() {
      let path = row[1].replacing("ID", with: "1")
      let answer = try #require(try control.send(String(row[0]), "/_emulator/\(path)"))
      // Without a body a PUT may be refused for that; a path that is not there is 404.
      #expect(answer.status != 404, "\(row)")
      #expect(answer.text.hasSuffix("\n") && !answer.text.hasSuffix("\n\n"), "\(row): \(answer.text)")
    }
    let missing = try #require(try control.send("GET", "/_emulator/nothing"))
    #expect(missing.status == 404 && missing.text.contains("/_emulator/") && missing.text.hasSuffix("}\n"))
  }

  @Test("Counts by class and the lines of calls hold neither credential nor token")
  func json() throws {
    let calls = Calls()
    let emulator = try emulator(telling: calls)
    defer { emulator.stop() }
    let client = try HTTPTestClient(port: emulator.port)
    let token = try client.token(body(9))
    _ = try client.send("POST", "/generate/token", headers: ["Authorization: Bearer x"], body: body(9))
    let stats = try #require(try client.send("GET", "/_emulator/stats"))
    #expect(try stats.json["byClass"]?.written == Array(#"{"ok":1,"401":1}"#.utf8))
    let lines = try calls.all.map { try JSONValue(parsing: $0.json) }
    #expect(lines.map { $0["class"]?.text } == ["ok", "401"])
    #expect(lines[0]["userId"]?.integer == 9 && lines[0]["status"]?.integer == 200 && lines[1]["userId"] == nil)
    #expect(lines.allSatisfy { $0["event"]?.text == "call" && ($0["ms"]?.integer ?? -1) >= 0 })
    let all = String(decoding: calls.all.flatMap(\.json), as: UTF8.self) + stats.text
    #expect(!all.contains(token) && !all.contains(credential))
  }
}
