import Foundation
import LinkCore
import LinkHTTP
import LinkSandbox
import Synchronization
import Testing

/// The credential of these tests: whatever shows it is wrong.
let canary = "canary-credential-7f3a"

/// An adapter client and its answers, which tests await by call id.
final class TestClient: Sendable {
  let client: AdapterClient
  private let file: TemporaryFile
  let answers: Answers
  let faults: Faults

  /// A client of the adapter at `url`.
  init(
    _ url: String, credential: TemporaryFile? = nil, ca: String? = nil,
    change: (inout AdapterClientSettings) -> Void = { _ in }
  ) throws {
    let file = try credential ?? TemporaryFile(canary + "\n")
    var settings = AdapterClientSettings(
      endpoint: try AdapterEndpoint(url: url), credentialPath: file.path, caPath: ca, connectTimeout: 5_000,
      totalTimeout: 20_000)
    change(&settings)
    let answers = Answers()
    let faults = Faults()
    self.answers = answers
    self.file = file
    self.faults = faults
    client = try AdapterClient(
      settings: settings, onFault: { faults.add($0) }, onAnswer: { answers.put($0, $1) })
  }

  /// Makes a call and awaits its answer.
  func call(_ id: UInt64 = 1, body: String = TestClient.body(1), trace: TraceContext = TraceContext()) async
    -> AdapterAnswer
  {
    client.call(AdapterCall(id: id, body: Array(body.utf8), trace: trace))
    return await answers.get(id)
  }

  /// A body that the adapter takes.
  static func body(_ userId: Int64) -> String { #"{"userId":\#(userId),"brokerNames":["b"]}"# }
}

/// Answers by call id, given on the client's thread and awaited by tests.
final class Answers: Sendable {
  private struct State {
    var given: [UInt64: AdapterAnswer] = [:]
    var awaited: [UInt64: CheckedContinuation<AdapterAnswer, Never>] = [:]
    var repeated: [UInt64] = []
  }
  private let state = Mutex(State())

  /// Calls that were answered more than once.
  var repeated: [UInt64] { state.withLock { $0.repeated } }

  func put(_ id: UInt64, _ answer: AdapterAnswer) {
    let waiter = state.withLock { state in
      if state.given[id] != nil { state.repeated.append(id) }
      state.given[id] = answer
      return state.awaited.removeValue(forKey: id)
    }
    waiter?.resume(returning: answer)
  }

  func get(_ id: UInt64) async -> AdapterAnswer {
    await withCheckedContinuation { waiter in
      let given = state.withLock { state in
        if state.given[id] == nil { state.awaited[id] = waiter }
        return state.given[id]
      }
      if let given { waiter.resume(returning: given) }
    }
  }
}

/// What the client reported besides its answers.
final class Faults: Sendable {
  private let state = Mutex<[AdapterClientFailure]>([])
  var all: [AdapterClientFailure] { state.withLock { $0 } }
  func add(_ fault: AdapterClientFailure) { state.withLock { $0.append(fault) } }
}

/// A file that goes with the test.
final class TemporaryFile: Sendable {
  let directory: String
  let path: String

  init(_ content: String) throws {
    directory = FileManager.default.temporaryDirectory.path + "/linkhttp-" + UUID().uuidString
    path = directory + "/credential"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    try write(content)
  }

  deinit { try? FileManager.default.removeItem(atPath: directory) }

  /// Replaces the content by a rename, as careful writers do.
  func write(_ content: String) throws {
    try Data(content.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
  }
}

extension AdapterAnswer {
  var status: Int? {
    if case .response(let status, _, _) = self { status } else { nil }
  }
  var body: String? {
    if case .response(_, let body, _) = self { String(decoding: body.reveal(), as: UTF8.self) } else { nil }
  }
  var retryAfter: RetryAfter? {
    if case .response(_, _, let retryAfter) = self { retryAfter } else { nil }
  }
  /// The reason of an unsent call.
  var unsent: String? {
    if case .unsent(let reason) = self { reason } else { nil }
  }
  /// The reason of a lost answer.
  var lost: String? {
    if case .lost(let reason) = self { reason } else { nil }
  }
}
