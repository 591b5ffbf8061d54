import Foundation
import LinkTestSupport
import Testing

@testable import LinkCommands

@Suite("The sandbox's ready-made commands")
struct ReadyCommandTests {
  @Test("quote words for a shell so that it reads them back as they were")
  func quoting() throws {
    #expect(quotedForShell("/tmp/a-b_c.d") == "/tmp/a-b_c.d")
    for word in ["", "a b", "it's", "$HOME `x` \"y\"", "*", "a\nb"] {
      let shell = Process()
      shell.executableURL = URL(fileURLWithPath: "/bin/sh")
      shell.arguments = ["-c", "printf %s \(quotedForShell(word))"]
      let output = Pipe()
      shell.standardOutput = output
      try shell.run()
      #expect(String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self) == word)
      shell.waitUntilExit()
    }
  }

  @Test("call this program by its name where PATH leads to it, else by the path by which it was called")
  func program() throws {
    let directory = try TemporaryDirectory()
    let other = try TemporaryDirectory()
    // The test process stands for the program.
    let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    try FileManager.default.createSymbolicLink(atPath: directory.path + "/linkworker", withDestinationPath: own)
    #expect(ReadyCommand.program(called: "linkworker", environment: ["PATH": directory.path]) == "linkworker")
    // Another version that a shell would take instead
    _ = try other.write("linkworker", "#!/bin/sh\n")
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: other.path + "/linkworker")
    let both = ["PATH": "\(other.path):\(directory.path)"]
    #expect(
      ReadyCommand.program(called: "linkworker", environment: both) == "\(directory.path)/linkworker")
    #expect(ReadyCommand.program(called: "/opt/my worker", environment: [:]) == "'/opt/my worker'")
    let folder = quotedForShell(FileManager.default.currentDirectoryPath + "/.build/release/linkworker")
    #expect(ReadyCommand.program(called: "./.build/release/linkworker", environment: [:]) == folder)
    #expect(ReadyCommand.program(called: ".build/release/linkworker", environment: [:]) == folder)
  }

  @Test("tell of submitting, of reading, of an outage, and of what a real Kafka alone can do")
  func list() throws {
    var place = ReadyCommand.Place(
      program: "linkworker", settingsFile: "/tmp/x/worker.properties", kcatFile: nil, bootstrap: "127.0.0.1:1",
      topics: try SettingsLoader(arguments: ["kafka.bootstrap.servers=127.0.0.1:1"]).load(for: .kafka).topics,
      adapterURL: "http://127.0.0.1:2", adminURL: nil, takesWorkers: false)
    let lines = ReadyCommand.all(place).map(\.line)
    #expect(
      lines[0]
        == "linkworker submit --config /tmp/x/worker.properties --user 1001 --broker northwind --all-accounts --wait")
    #expect(lines.contains("curl -X PUT -d on http://127.0.0.1:2/_emulator/outage"))
    #expect(lines.contains("curl -X PUT -d off http://127.0.0.1:2/_emulator/outage"))
    #expect(!lines.contains { $0.contains(" run ") || $0.contains("/metrics") })
    place.kcatFile = "/tmp/x/kcat.properties"
    place.takesWorkers = true
    place.adminURL = "http://127.0.0.1:3"
    let more = ReadyCommand.all(place).map(\.line)
    #expect(more.filter { $0.contains("kcat -F /tmp/x/kcat.properties ") }.count == 3)
    #expect(!more.contains { $0.contains("127.0.0.1:1") })
    #expect(!more.contains { $0.contains("env -u") })
    #expect(more.suffix(2) == ["curl http://127.0.0.1:3/metrics", "linkworker run --config /tmp/x/worker.properties"])
    // What is set in the shell would win over the file.
    place.variables = ["LINKWORKER_KAFKA_BOOTSTRAP_SERVERS", "LINKWORKER_ADAPTER_URL"]
    let unset = "env -u LINKWORKER_ADAPTER_URL -u LINKWORKER_KAFKA_BOOTSTRAP_SERVERS linkworker "
    let own = ReadyCommand.all(place).map(\.line).filter { $0.contains("linkworker ") }
    #expect(own.count == 2 && own.allSatisfy { $0.hasPrefix(unset) }, "\(own)")
  }

  @Test("reach the sandbox's Kafka from a shell whose variables lead to another one")
  func foreignShell() throws {
    let scratch = try Scratch()
    let program = try Program.Running(
      ["sandbox"],
      ["TMPDIR": scratch.path, "PATH": "/usr/bin:/bin", "LINKWORKER_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1"])
    let output = program.read(until: "curl -X PUT -d off ")
    let command = try #require(output.split(separator: "\n").first { $0.contains(" submit --config ") })
    let outcome = try RunningProgram.run(
      ["/bin/sh", "-c", String(command)], environment: ["LINKWORKER_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1"])
    #expect(outcome.code == 0, "\(outcome.errorText)")
    program.interrupt()
    #expect(program.end().code == 0)
  }
}
