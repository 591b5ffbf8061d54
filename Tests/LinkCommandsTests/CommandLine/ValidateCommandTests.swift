import Foundation
import LinkCore
import LinkTestSupport
import Testing

@Suite("linkworker validate")
struct ValidateCommandTests {
  private let good = RequestEvent(id: "r", userID: 7, idempotencyKey: "k", accounts: [1]).structured
  private let replay =
    #"{"specversion":"1.0","id":"x","source":"/s","type":"link-account.replay-requested.v1","data":{"userId":7,"#
    + #""idempotencyKey":"k","reason":"r","operator":"o"}}"#

  @Test("says of each line whether the worker would take it, passes over blank ones, and ends with 65 for a bad one")
  func text() throws {
    let outcome = try validate("\(good)\n\n{\"a\":1}\n \t\r\n\(replay)\n{\n\(good.replacing("7,", with: "\"7\","))")
    #expect(outcome.code == 65)
    #expect(
      outcome.output.split(separator: "\n") == [
        "FILE:1: valid", "FILE:3: invalid: /specversion: The specversion is not 1.0. (not_cloudevent)", "FILE:5: valid",
        "FILE:6: invalid: The text ends before its value does. (not_json)",
        "FILE:7: invalid: /data/userId: An integer from 1 to 9223372036854775807 is expected, written without "
          + "fraction and exponent. (invalid_data)",
      ])
    #expect(outcome.errors == "FILE: 2 valid, 3 invalid, 2 blank\n")
  }

  @Test("says with --quiet only what is wrong, and nothing where nothing is")
  func quiet() throws {
    #expect(try validate("\(good)\n{}\n", "--quiet").output.split(separator: "\n").count == 1)
    let fine = try validate("\(good)\n\(replay)\n", "--quiet")
    #expect(fine.code == 0 && fine.output.isEmpty)
    #expect(try validate("").code == 0)
  }

  @Test("writes one JSON object a line with the place, the reason and its code")
  func json() throws {
    let outcome = try validate("\(good)\n\(good.replacing("\"northwind\"", with: ""))\n[]\n", "--json")
    #expect(
      outcome.output.split(separator: "\n") == [
        #"{"line":1,"valid":true}"#,
        #"{"line":2,"valid":false,"pointer":"/data/brokerNames","reason":"The list is empty.","code":"invalid_data"}"#,
        #"{"line":3,"valid":false,"pointer":"","reason":"A batch of events is not served.","code":"not_cloudevent"}"#,
      ])
  }

  @Test("says of an outcome that it is no request")
  func outcomes() throws {
    let outcome = try validate(good.replacing("requested.v1", with: "token-ready.v1"))
    #expect(outcome.output.contains("An event of type link-account.token-ready.v1 is what the worker answers"))
    #expect(try validate(good.replacing("requested.v1", with: "requested.v2")).output.contains("(unknown_type)"))
  }

  @Test("counts key and headers to event.max.bytes, as the worker does, and reads no longer line")
  func size() throws {
    let padding = 65_536 - 40 - 1 - good.utf8.count - ",\"p\":\"\"".utf8.count
    let lines = [0, 1, 200_000].map { more in
      good.dropLast() + ",\"p\":\"\(String(repeating: "x", count: padding + more))\"}"
    }
    let outcome = try validate(lines.joined(separator: "\n"))
    #expect(outcome.output.split(separator: "\n").map { $0.hasSuffix("(too_large)") } == [false, true, true])
    #expect(try validate("\(lines[1])", "--max-bytes", "65537").code == 0)
  }

  @Test("reads standard input and calls it so; names a file that is not there with 66")
  func input() throws {
    let program = try RunningProgram.linkworker
    let piped = try RunningProgram.run(["sh", "-c", "echo '{' | '\(program)' validate -"])
    #expect(piped.code == 65 && piped.outputText.hasPrefix("stdin:1: invalid: "))
    let missing = try Program.run("validate", "/nothing/here")
    #expect(missing.code == 66 && missing.errors.contains("does not exist"))
  }

  /// Runs it on a file of this content, whose path reads `FILE` in what comes back.
  private func validate(_ content: String, _ options: String...) throws -> Program.Outcome {
    let scratch = try Scratch()
    let file = try scratch.write("lines", content)
    var outcome = try Program.Running(["validate"] + options + [file]).end()
    outcome.output = outcome.output.replacing(file, with: "FILE")
    outcome.errors = outcome.errors.replacing(file, with: "FILE")
    return outcome
  }
}
