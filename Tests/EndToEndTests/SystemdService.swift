import Glibc
import LinkTestSupport

/// A unit's commands and environment, taken from its file and run as systemd runs them, with scratch folders in the place of the
/// system's: `etc` for /etc/linkworker, `state` for /var/lib, `run` for /run, `credentials` for what LoadCredential= copies. Where
/// root runs the tests, the service is another user without rights.
struct SystemdService {
  private let assignments: [(name: String, value: String)]
  private let scratch: Scratch
  private let binary: String
  private let user: (id: UInt32, group: UInt32)

  init(unit: String, in scratch: Scratch) throws {
    assignments = try DeployFiles.assignments(unit)
    self.scratch = scratch
    user = getuid() == 0 ? (65_534, 65_534) : (getuid(), getgid())
    binary = scratch["linkworker"]
    try Self.run(["install", "-m", "755", RunningProgram.linkworker, binary])
    try Self.run(["install", "-d", "-m", "755"] + ["etc", "state", "run", "credentials"].map { scratch[$0] })
    chmod(scratch.path, 0o755)
    let owner = getuid() == 0 ? ["-o", "\(user.id)", "-g", "\(user.group)"] : []
    for folder in values("StateDirectory") {
      try Self.run(
        ["install", "-d", "-m", values("StateDirectoryMode").last ?? "755"] + owner + [scratch["state"] + "/" + folder])
    }
  }

  /// Copies what LoadCredential= names, as systemd does: to the service's user alone, read-only.
  func loadCredentials() throws {
    let owner = getuid() == 0 ? ["-o", "\(user.id)", "-g", "\(user.group)"] : []
    for entry in values("LoadCredential") {
      let parts = entry.split(separator: ":", maxSplits: 1).map(String.init)
      guard parts.count == 2 else { throw Missing("A name and a path in LoadCredential=\(entry)") }
      try Self.run(["install", "-m", "400"] + owner + [expand(parts[1]), scratch["credentials"] + "/" + parts[0]])
    }
    try Self.run(["install", "-d", "-m", "500"] + owner + [scratch["credentials"]])
  }

  /// Runs every command of a setting to its end, as in ExecReload=. All of them have full privileges here.
  func runAll(_ setting: String) throws {
    for value in values(setting) {
      guard value.hasPrefix("+") else { throw Missing("A privileged command in \(setting)=\(value)") }
      try Self.run(words(String(value.dropFirst())))
    }
  }

  /// Starts ExecStart= with exactly the unit's environment.
  func start() throws -> RunningProgram {
    var environment = ["CREDENTIALS_DIRECTORY": scratch["credentials"], "STATE_DIRECTORY": scratch["state"]]
    for value in values("Environment") {
      guard let (name, value) = DeployFiles.assignment(value) else { throw Missing("An assignment in \(value)") }
      environment[name] = expand(value)
    }
    guard let command = values("ExecStart").last else { throw Missing("ExecStart=") }
    let asUser = [
      "setpriv", "--reuid", "\(user.id)", "--regid", "\(user.group)", "--clear-groups", "--no-new-privs",
      "--bounding-set", "-all", "--inh-caps", "-all",
    ]
    return try RunningProgram((getuid() == 0 ? asUser : []) + words(command), environment: environment)
  }

  /// Seconds that TimeoutStopSec= gives it.
  var stopSeconds: Double { values("TimeoutStopSec").last.flatMap { Double($0.dropLast()) } ?? 0 }

  private func values(_ name: String) -> [String] { assignments.filter { $0.name == name }.map(\.value) }

  private func words(_ command: String) -> [String] {
    var words = expand(command).split(separator: " ").map(String.init)
    // The unit's group is not on this machine.
    for (index, word) in words.enumerated() where word == "linkworker" && index > 0 && words[index - 1] == "-g" {
      words[index] = "\(user.group)"
    }
    return words
  }

  private func expand(_ text: String) -> String {
    let places = [
      ("%S", scratch["state"]), ("%t", scratch["run"]), ("%d", scratch["credentials"]),
      ("/etc/linkworker", scratch["etc"]), ("/usr/local/bin/linkworker", binary),
    ]
    return places.reduce(text) { $0.replacing($1.0, with: $1.1) }
  }

  private static func run(_ words: [String]) throws {
    let outcome = try RunningProgram.run(words)
    guard outcome.code == 0 else { throw Missing("\(words.joined(separator: " ")): \(outcome.errorText)") }
  }
}
