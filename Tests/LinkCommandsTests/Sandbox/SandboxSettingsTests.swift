import Foundation
import LinkCore
import LinkTestSupport
import Testing

@testable import LinkCommands

@Suite("The sandbox's settings")
struct SandboxSettingsTests {
  @Test("are written for other programs with every path from the root on, and words that are no path as they are")
  func paths() throws {
    let scratch = try Scratch()
    let directory = try SandboxDirectory(environment: ["TMPDIR": scratch.path])
    try directory.write("credential", Secret(Array("c4nary".utf8)))
    try scratch.write("ca.pem", "x")
    let folder = FileManager.default.currentDirectoryPath
    let steps = folder.split(separator: "/").map { _ in "../" }.joined()
    let name = steps + scratch["ca.pem"].dropFirst()
    func settings(_ arguments: String...) throws -> SandboxSettings {
      try SandboxSettings(
        .running("127.0.0.1:1"), adapterURL: "http://127.0.0.1:2", files: directory, logLevel: "info",
        .init(configFile: nil, arguments: arguments, environment: [:]))
    }
    let relative = try settings("kafka.security.protocol=SSL", "kafka.ssl.ca.location=./\(name)")
    let file = String(decoding: relative.properties(storeDirectory: "/s").reveal(), as: UTF8.self)
    #expect(file.contains("\nkafka.ssl.ca.location=\(folder)/\(name)\n"))
    let kcat = String(decoding: try #require(relative.kcat).reveal(), as: UTF8.self)
    #expect(kcat.contains("ssl.ca.location=\(folder)/\(name)\n"))
    let word = try settings("kafka.security.protocol=SSL", "kafka.ssl.ca.location=probe")
    #expect(String(decoding: try #require(word.kcat).reveal(), as: UTF8.self).contains("ssl.ca.location=probe\n"))
    try directory.remove()
  }
}
