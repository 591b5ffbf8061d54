import LinkCore
import LinkSandbox

/// What `adapter-emulator` says: how to reach it, each call, and the summary; for people or as NDJSON. Never a credential or a token.
struct EmulatorReport: Sendable {
  private let lines: LineQueue
  private let isJSON: Bool
  private let tellsCalls: Bool

  /// `onLoss` is called once when what it says cannot be written any more.
  init(_ invocation: Invocation, onLoss: @escaping @Sendable () -> Void) {
    lines = LineQueue(invocation.console, onLoss: onLoss)
    isJSON = invocation.isSet("--json")
    tellsCalls = isJSON || invocation.isSet("--verbose")
  }

  /// What the emulator is to be told of its calls.
  var onCall: (@Sendable (EmulatorCall) -> Void)? {
    guard tellsCalls else { return nil }
    return { [lines, isJSON] call in lines.print(isJSON ? String(decoding: call.json, as: UTF8.self) : Self.line(call))
    }
  }

  /// The first words: nothing of a call stands before them.
  func greet(_ emulator: AdapterEmulator, credential: EmulatorCredential, authorityPath: String?) {
    if isJSON {
      writeObject("listening") { writer in
        writer.name("url")
        writer.string(emulator.baseURL)
        if let authorityPath {
          writer.name("caFile")
          writer.string(authorityPath)
        }
      }
    } else {
      lines.print("adapter emulator listens: adapter.url=\(emulator.baseURL)")
      if let authorityPath { lines.print("trust its authority: adapter.ca.file=\(authorityPath)") }
      if credential.isPreset { lines.print("credential: \(EmulatorCredential.preset) (none was given)") }
      lines.print("control API below \(emulator.baseURL)/_emulator/")
      for line in AdapterEmulator.controlGuide { lines.print("  " + line) }
      lines.print("SIGINT (Ctrl-C) or SIGTERM ends it")
    }
    lines.open()
  }

  /// An outage began, or ended, in its time.
  func tell(_ outage: EmulatorOutage?) {
    let name = outage?.name ?? "off"
    guard isJSON else { return lines.print("outage: \(name)") }
    writeObject("outage") { writer in
      writer.name("outage")
      writer.string(name)
    }
  }

  /// The last words; returns when all of them are written.
  func sum(up stats: AdapterEmulatorStats) {
    // Those that come before the summary are as many as ever will be: the emulator has stopped.
    let dropped = lines.finish()
    if isJSON {
      writeObject("summary") { writer in
        stats.writeMembers(to: &writer)
        writer.name("droppedLines")
        writer.integer(Int64(dropped))
      }
    } else {
      let statuses = stats.answersByStatus.sorted { $0.key < $1.key }.map { status, count in
        status == 0 ? "withheld \(count)" : "\(status) \(count)"
      }
      let classes = stats.byClass.map { "\($0.kind.rawValue) \($0.count)" }
      lines.print(
        """
        calls: \(stats.calls) of \(stats.users) users, tokens: \(stats.tokens)
        answers by status: \(statuses.isEmpty ? "none" : statuses.joined(separator: ", "))
        answers by class: \(classes.isEmpty ? "none" : classes.joined(separator: ", "))
        at the same time: \(stats.concurrentMost) at most, of one user \(stats.concurrentMostOfOneUser)
        """)
      if dropped > 0 { lines.print("lines of calls dropped for a slow reader: \(dropped)") }
    }
    _ = lines.finish()
  }

  private func writeObject(_ event: String, _ members: (inout JSONWriter) -> Void) {
    var writer = JSONWriter()
    writer.beginObject()
    writer.name("event")
    writer.string(event)
    members(&writer)
    writer.endObject()
    lines.print(String(decoding: writer.bytes, as: UTF8.self))
  }

  /// A call for people.
  private static func line(_ call: EmulatorCall) -> String {
    let user = call.userId.map { "user \($0)" } ?? "no user"
    let status = call.status.map { "\($0)" } ?? "---"
    return "\(call.receivedAt.rfc3339)  \(status)  \(call.kind.rawValue)  \(user)  \(call.duration) ms"
  }
}
