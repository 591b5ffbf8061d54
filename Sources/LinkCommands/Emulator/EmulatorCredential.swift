import Dispatch
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
    private let seen: Mutex<(secret: Secret, complaint: [CommandFailure.Line])>

    init(_ file: SecretFile, _ first: Secret, _ console: Console) {
      self.file = file
      self.console = console
      seen = Mutex((secret: first, complaint: []))
    }

    /// The credential in the file where it is another one now. A content that is none is told once, and the last good one stays.
    func change() -> Secret? {
      let next = Result { () throws(CommandFailure) in try EmulatorCredential.read(file) }
      return seen.withLock { seen in
        switch next {
        case .success(let secret):
          seen.complaint = []
          guard secret != seen.secret else { return nil }
          seen.secret = secret
          return secret
        case .failure(let failure):
          if failure.lines != seen.complaint { console.report(failure) }
          seen.complaint = failure.lines
          return nil
        }
      }
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
