import Glibc
import LinkCore

/// A command line that works as it stands, in another terminal.
struct ReadyCommand: Equatable, Sendable {
  /// What it does.
  var about: String
  /// The line, for a POSIX shell.
  var line: String

  /// What one can do with a sandbox.
  static func all(_ place: Place) -> [ReadyCommand] {
    let settings = quotedForShell(place.settingsFile)
    // What a shell has set wins over the file, and may lead to another Kafka.
    let unset = place.variables.sorted().map { "-u \(quotedForShell($0)) " }.joined()
    let program = (unset.isEmpty ? "" : "env \(unset)") + place.program
    let kcat = place.kcatFile.map { "kcat -F \(quotedForShell($0))" } ?? "kcat -b \(quotedForShell(place.bootstrap))"
    let request = String(
      decoding: Sample.event("mine-1", source: "/me", userId: 1002, .all), as: UTF8.self)
    let committed = "-C -e -q -X isolation.level=read_committed"
    var commands = [
      ReadyCommand(
        about: "ask for a link, and wait for its outcome",
        line: "\(program) submit --config \(settings) --user 1001 --broker northwind --all-accounts --wait"),
      ReadyCommand(
        about: "the same by hand; a second time it is a duplicate",
        line: "echo '\(request)' | \(kcat) -P -t \(place.topics.requests) -X partitioner=murmur2 -k 1002"),
      ReadyCommand(
        about: "the outcomes (they hold the tokens)", line: "\(kcat) \(committed) -t \(place.topics.outcomes)"),
      ReadyCommand(
        about: "the dead letters, each after its reason",
        line: "\(kcat) \(committed) -t \(place.topics.deadLetters) -f '%h\\n%s\\n'"),
      ReadyCommand(
        about: "the adapter goes down: links wait", line: "curl -X PUT -d on \(place.adapterURL)/_emulator/outage"),
      ReadyCommand(about: "and is back", line: "curl -X PUT -d off \(place.adapterURL)/_emulator/outage"),
    ]
    if let admin = place.adminURL {
      commands.append(ReadyCommand(about: "the worker's metrics", line: "curl \(admin)/metrics"))
    }
    if place.takesWorkers {
      commands.append(
        ReadyCommand(
          about: "a second worker shares the partitions", line: "\(program) run --config \(settings)"))
    }
    return commands
  }

  /// Where a sandbox is.
  struct Place {
    /// How this program is called, for a shell.
    var program: String
    /// The settings file.
    var settingsFile: String
    /// kcat's, where it needs one.
    var kcatFile: String?
    /// The brokers.
    var bootstrap: String
    var topics: WorkerSettings.Topics
    var adapterURL: String
    /// The address of the worker's metrics; nil where it has none.
    var adminURL: String?
    /// Whether a second worker can join: the broker in memory cannot tell one about its topics.
    var takesWorkers: Bool
    /// Variables of the sandbox's environment that would win over the settings file.
    var variables: [String] = []
  }

  /// How this program is called from a shell: by its name, where `PATH` leads to it, else by the path by which it was
  /// called, made absolute.
  static func program(called name: String, environment: [String: String]) -> String {
    func identity(_ path: String) -> (dev_t, ino_t)? {
      var status = stat()
      return stat(path, &status) == 0 && access(path, X_OK) == 0 ? (status.st_dev, status.st_ino) : nil
    }
    let folders = (environment["PATH"] ?? "").split(separator: ":").map(String.init)
    let own = identity("/proc/self/exe")
    func isOwn(_ path: String) -> Bool { own.flatMap { own in identity(path).map { $0 == own } } ?? false }
    // The first that a shell would take, were it another version.
    if let first = folders.map({ $0 + "/linkworker" }).first(where: { identity($0) != nil }), isOwn(first) {
      return "linkworker"
    }
    let path = name.contains("/") ? name : folders.map { "\($0)/\(name)" }.first(where: isOwn) ?? name
    return quotedForShell(SandboxSettings.absolute(path))
  }
}

/// A word for a POSIX shell.
func quotedForShell(_ word: String) -> String {
  let isPlain =
    !word.isEmpty
    && word.utf8.allSatisfy { byte in
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "/"), UInt8(ascii: "."), UInt8(ascii: "_"),
        UInt8(ascii: "-"), UInt8(ascii: ":"), UInt8(ascii: ","), UInt8(ascii: "@"), UInt8(ascii: "+"),
        UInt8(ascii: "="):
        true
      default: false
      }
    }
  return isPlain ? word : "'\(word.replacing("'", with: "'\\''"))'"
}
