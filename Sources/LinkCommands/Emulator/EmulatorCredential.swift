import Dispatch
import Glibc
import LinkCore
import LinkSandbox
import Synchronization

/// The bearer credential that the emulator asks for, and the file that it is read from anew.
struct EmulatorCredential {
  /// What it is at the start.
  let secret: Secret
  /// Whether nobody said one.
  let isPreset: Bool
  private let file: SecretFile?

  static let preset = "sandbox-credential"
  static let options: [OptionDefinition] = [
    .value(
      "--credential-file", "FILE",
      "The bearer credential to ask for, in a file of one line, which is read anew when it changes."),
    .value("--credential", "TEXT", "The same on the command line; without either it is \(preset)."),
  ]

  init(_ invocation: Invocation) throws(CommandFailure) {
    guard let path = invocation.value("--credential-file") else {
      let text = invocation.value("--credential") ?? Self.preset
      guard Self.isOneWord(Array(text.utf8)) else {
        throw .usage("--credential", "is not printable ASCII without blanks", hint: "--credential \(Self.preset)")
      }
      (secret, isPreset, file) = (Secret(Array(text.utf8)), !invocation.isSet("--credential"), nil)
      return
    }
    guard !invocation.isSet("--credential") else {
      throw .usage("--credential-file", "is given, and so is --credential", hint: "keep one of the two")
    }
    let file = SecretFile(path: path)
    (secret, isPreset, self.file) = (try Self.read(file), false, file)
  }

  /// Hands the emulator each new content of the file, as long as what is returned lives; nil without a file.
  func follow(_ emulator: AdapterEmulator, _ console: Console) -> Follower? {
    file.map { Follower($0, secret, emulator, console) }
  }

  /// Looks at the file now and then.
  final class Follower {
    private let timer: any DispatchSourceTimer

    private static let interval = DispatchTimeInterval.milliseconds(200)

    fileprivate init(_ file: SecretFile, _ first: Secret, _ emulator: AdapterEmulator, _ console: Console) {
      let sight = Sight(file, first, console)
      timer = DispatchSource.makeTimerSource(queue: DispatchQueue(label: "linkworker.credential"))
      timer.schedule(deadline: .now() + Self.interval, repeating: Self.interval)
      timer.setEventHandler { [weak emulator] in
        if let next = sight.change() { emulator?.setCredential(next) }
      }
      timer.resume()
    }

    deinit { timer.cancel() }
  }

  /// What was seen in the file last.
  private final class Sight: Sendable {
    private let file: SecretFile
    private let console: Console
    private let seen: Mutex<(secret: Secret, complaint: Complaint?)>

    /// What was told, and of which content, as far as that can be said without reading it.
    private struct Complaint: Equatable {
      var lines: [CommandFailure.Line]
      var state: [Int]
    }

    init(_ file: SecretFile, _ first: Secret, _ console: Console) {
      self.file = file
      self.console = console
      seen = Mutex((secret: first, complaint: nil))
    }

    /// The credential in the file where it is another one now. Each content that is none is told once, and the last good one stays.
    func change() -> Secret? {
      let state = state
      let next = Result { () throws(CommandFailure) in try EmulatorCredential.read(file) }
      // Somebody is writing: the next look sees what came of it.
      guard state == self.state else { return nil }
      return seen.withLock { seen in
        switch next {
        case .success(let secret):
          seen.complaint = nil
          guard secret != seen.secret else { return nil }
          seen.secret = secret
          return secret
        case .failure(let failure):
          let complaint = Complaint(lines: failure.lines, state: state)
          if complaint != seen.complaint { console.report(failure.keepingLastGood) }
          seen.complaint = complaint
          return nil
        }
      }
    }

    /// What changes with the file; empty where there is none.
    private var state: [Int] {
      var status = stat()
      guard stat(file.path, &status) == 0 else { return [] }
      return [Int(status.st_ino), Int(status.st_size), status.st_mtim.tv_sec, status.st_mtim.tv_nsec]
    }
  }

  fileprivate static func read(_ file: SecretFile) throws(CommandFailure) -> Secret {
    func failure(_ code: ExitCode, _ reason: String, _ hint: String) -> CommandFailure {
      CommandFailure(code, .init("adapter-emulator", "--credential-file", reason, hint: hint))
    }
    let secret: Secret
    do { secret = try file.read() } catch { throw failure(error.exitCode, error.reason, error.hint) }
    guard isOneWord(secret.reveal()) else {
      throw failure(
        .config, "names a file that is not printable ASCII without blanks",
        "write nothing but the credential into it, on one line")
    }
    return secret
  }

  private static func isOneWord(_ bytes: [UInt8]) -> Bool { !bytes.isEmpty && bytes.allSatisfy { 0x21...0x7E ~= $0 } }
}

extension CommandFailure {
  /// The same, where it is no reason to end.
  fileprivate var keepingLastGood: CommandFailure {
    var warning = self
    for index in warning.lines.indices { warning.lines[index].reason += "; kept the last good one" }
    return warning
  }
}
