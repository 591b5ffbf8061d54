import LinkCore
import LinkSandbox
import Synchronization
import Testing

let credential = "the-credential"

/// An emulator for a test.
func emulator(
  latency: Milliseconds = 0, telling calls: Calls? = nil,
  change: (inout AdapterEmulatorConfiguration) -> Void = { _ in }
) throws -> AdapterEmulator {
  var configuration = AdapterEmulatorConfiguration(credential: Secret(Array(credential.utf8)), latency: latency)
  change(&configuration)
  return try AdapterEmulator(configuration: configuration, onCall: calls?.add)
}

/// What an emulator told of its calls.
final class Calls: Sendable {
  private let state = Mutex<[EmulatorCall]>([])
  var all: [EmulatorCall] { state.withLock { $0 } }
  var add: @Sendable (EmulatorCall) -> Void { { call in self.state.withLock { $0.append(call) } } }
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
