import LinkCore
import LinkSandbox
import Testing

let credential = "the-credential"

/// An emulator for a test.
func emulator(
  latency: Milliseconds = 0, change: (inout AdapterEmulatorConfiguration) -> Void = { _ in }
) throws -> AdapterEmulator {
  var configuration = AdapterEmulatorConfiguration(credential: Secret(Array(credential.utf8)), latency: latency)
  change(&configuration)
  return try AdapterEmulator(configuration: configuration)
}

/// The headers of a right call.
let rightHeaders = ["Authorization: Bearer \(credential)", "Content-Type: application/json"]

/// A right body.
func body(_ userId: Int64, accounts: String? = nil) -> String {
  #"{"userId":\#(userId),"brokerNames":["b"]\#(accounts.map { #","ctidTraderAccountIds":\#($0)"# } ?? "")}"#
}

extension HTTPTestClient {
  /// Asks for a token as a worker does.
  func generate(_ body: String, trace: String? = nil) throws -> Answer? {
    try send(
      "POST", "/generate/token", headers: rightHeaders + (trace.map { ["traceparent: \($0)"] } ?? []), body: body)
  }

  /// Asks for a token, and takes it from the answer.
  func token(_ body: String) throws -> String {
    let answer = try #require(try generate(body))
    let json = try answer.json
    #expect(json["s"]?.text == "ok")
    return try #require(json["d"]?.text).string
  }
}
