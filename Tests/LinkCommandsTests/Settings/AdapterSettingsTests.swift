import LinkCore
import Testing

@testable import LinkCommands

@Suite("The adapter's settings")
struct AdapterSettingsTests {
  @Test(
    "take an address, whose operation is added to it",
    arguments: [
      ("https://adapter.example", "https://adapter.example/generate/token"),
      ("HTTPS://adapter.example:8443/", "https://adapter.example:8443/generate/token"),
      ("http://127.0.0.1:18080/tv/v1//", "http://127.0.0.1:18080/tv/v1/generate/token"),
      ("https://[::1]:1/x", "https://[::1]:1/x/generate/token"),
    ])
  func addresses(text: String, expected: String) throws {
    #expect(try AdapterURL(text).appending("/generate/token") == expected)
  }

  @Test(
    "refuse every other address and do not show it",
    arguments: [
      ("adapter.example:8443", "is not an http or https address"),
      ("ftp://adapter.example", "is not an http or https address"),
      ("https://user:c4nary@adapter.example", "has a user or password before the host"),
      ("https://adapter.example/?key=c4nary", "has a query"),
      ("https://adapter.example/#c4nary", "has a fragment"),
      ("https://", "has no proper host and port"),
      ("https://:80", "has no proper host and port"),
      ("https://adapter.example:0", "has no proper host and port"),
      ("https://adapter.example:65536", "has no proper host and port"),
      ("https://adapter.example:8o", "has no proper host and port"),
      ("https://[adapter]:80", "has no proper host and port"),
      ("https://adapter.example/a b", "has a character that may not stand in an address"),
      ("https://ädapter.example", "has a character that may not stand in an address"),
      ("https://adapter.example/generate/token", "ends in /generate/token, which the worker adds itself"),
    ])
  func refusals(text: String, reason: String) {
    do {
      _ = try AdapterURL(text)
      Issue.record("\(text) was accepted")
    } catch {
      #expect(error.reason == reason)
      #expect(!error.hint.contains("c4nary"))
    }
  }

  @Test(
    "let plain http go to this machine alone, unless insecure.adapter says otherwise",
    arguments: [
      ("http://localhost:1", true), ("http://LOCALHOST", true), ("http://127.9.8.7", true), ("http://[::1]", true),
      ("http://[0:0:0:0:0:0:0:1]", true), ("https://adapter.example", true), ("http://adapter.example", false),
      ("http://127.1", false), ("http://127.0.0.1.example", false), ("http://localhost.example", false),
      ("http://0.0.0.0", false), ("http://[::]", false), ("http://[::ffff:10.0.0.1]", false),
      ("http://2130706433", false),
    ])
  func plainText(url: String, isAccepted: Bool) throws {
    let directory = try TemporaryDirectory()
    let credential = try directory.write("credential", "c4nary")
    let arguments = [
      "kafka.bootstrap.servers=localhost", "adapter.credential.file=\(credential)", "adapter.url=\(url)",
    ]
    do {
      _ = try SettingsLoader(arguments: arguments).load(for: .worker)
      #expect(isAccepted)
    } catch {
      #expect(!isAccepted)
      #expect(error.problems.map(\.subject) == ["adapter.url"])
    }
    _ = try SettingsLoader(arguments: arguments + ["insecure.adapter=true"]).load(for: .worker)
  }

  @Test("read the credential from its file without one newline")
  func credential() throws {
    let directory = try TemporaryDirectory()
    func read(_ content: String) throws -> String {
      let file = SecretFile(path: try directory.write("credential", content))
      return String(decoding: try file.read().reveal(), as: UTF8.self)
    }
    #expect(try read("c4nary") == "c4nary")
    #expect(try read("c4nary\n") == "c4nary")
    #expect(try read("c4 näry") == "c4 näry")
    for content in ["", "\n", "c4nary\n\n", "c4nary\r\n", "c4nary\nX-Header: 1", "c4\u{0}nary"] {
      do {
        _ = try read(content)
        Issue.record("a credential file with \(content.debugDescription) was accepted")
      } catch let fault as SettingFault {
        #expect(!"\(fault)".contains("nary"))
      }
    }
  }

  @Test("never show what stands where a credential's path should: it may be the credential")
  func pathIsTheSecret() {
    let loader = SettingsLoader(arguments: [
      "kafka.bootstrap.servers=localhost", "adapter.url=http://localhost", "adapter.credential.file=c4nary",
      "kafka.sasl.password.file=c4nary", "c4nary",
    ])
    do {
      _ = try loader.load(for: .worker)
      Issue.record("the settings were accepted")
    } catch {
      #expect(error.problems.count == 3)
      #expect(!"\(error)".contains("c4nary"))
    }
  }

  @Test("take statuses and texts with commas between them, blanks aside")
  func lists() throws {
    #expect(try SettingType.statuses.read("409, 423,400") == [409, 423, 400])
    #expect(try SettingType.texts.read("busy , try again") == ["busy", "try again"])
  }

  @Test(
    "refuse a status that is none, or speaks of the credential",
    arguments: [
      ("409,", "has what is no status from 400 to 499: \"\""),
      ("500", "has what is no status from 400 to 499: \"500\""),
      ("4xx", "has what is no status from 400 to 499: \"4xx\""),
      ("0409", "has what is no status from 400 to 499: \"0409\""),
      ("409 423", "has what is no status from 400 to 499: \"409 423\""),
      ("401", "names 401, which speaks of the credential"),
      ("409,403", "names 403, which speaks of the credential"),
    ])
  func badStatuses(text: String, reason: String) {
    let fault = #expect(throws: SettingFault.self) { try SettingType.statuses.read(text) }
    #expect(fault?.reason == reason)
  }

  @Test("refuse a text so short that it is everywhere, one that is too long, and too many of them")
  func badTexts() {
    for text in [
      "busy,", "busy,no", String(repeating: "x", count: 201), String(repeating: "busy,", count: 32) + "busy",
    ] {
      #expect(throws: SettingFault.self) { try SettingType.texts.read(text) }
    }
  }
}
