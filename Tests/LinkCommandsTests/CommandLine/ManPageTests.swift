import LinkTestSupport
import Testing

@testable import LinkCommands

@Suite("The manual page")
struct ManPageTests {
  /// The page as a terminal shows it, without the double strikes by which letters become bold.
  private func rendered(_ roff: String) throws -> String {
    let file = try Scratch()
    let outcome = try RunningProgram.run(["mandoc", "-T", "utf8", "-O", "width=200", try file.write("page.1", roff)])
    #expect(outcome.code == 0 && outcome.errors.isEmpty, "\(outcome.errorText)")
    var text = ""
    for letter in outcome.outputText.unicodeScalars {
      if letter == "\u{8}" { text.unicodeScalars.removeLast() } else { text.unicodeScalars.append(letter) }
    }
    return text
  }

  @Test("has nothing that mandoc finds fault with")
  func lint() throws {
    let folder = try Scratch()
    let printed = try RunningProgram.run([RunningProgram.linkworker, "man"])
    #expect(printed.code == 0 && printed.errors.isEmpty)
    let page = try folder.write("linkworker.1", printed.output)
    let outcome = try RunningProgram.run(["mandoc", "-T", "lint", page])
    #expect(outcome.code == 0 && outcome.outputText.isEmpty && outcome.errors.isEmpty, "\(outcome.outputText)")
  }

  @Test("shows every command, option, operand, setting, exit code and example")
  func complete() throws {
    let page = try rendered(ManPage.roff(LinkCommandLine.commands))
    for command in LinkCommandLine.commands {
      #expect(page.contains("linkworker \(command.synopsis)\n"))
      for option in command.allOptions { #expect(page.contains(" \(option.usage)"), "\(command.name) \(option.name)") }
      for example in command.examples { #expect(page.contains("\(example)\n")) }
    }
    for row in SettingTable.all { #expect(page.contains(" \(row.name) (")) }
    for code in ExitCode.allCases { #expect(page.contains("\(code.meaning).")) }
  }

  @Test("shows what stands in the tables as it stands there, whatever roff would make of it")
  func escaping() throws {
    let texts = [
      #"a\b \fB \n(.x"#, ".TH at the beginning", "'br too", "--dry-run -x", "\"quoted\" ~tilde ^hat 'single'",
      "ten … 2⁶³−1 %",
    ]
    var page = Roff(name: "x", section: 1, date: "2026-01-01", source: "x")
    page.section("name")
    page.title("x", "is a test")
    page.section("texts")
    for text in texts {
      page.paragraph(text)
      page.verbatim([text])
      page.entry(text, variable: text, note: text, text)
      page.part(text)
    }
    page.paragraphs("Before.\n  linkworker  two\n  .three\nAfter `--bold`.")
    let shown = try rendered(page.text)
    for text in texts { #expect(shown.ranges(of: text).count == 7, "\(text)") }
    #expect(shown.contains("linkworker  two\n") && shown.contains(".three\n") && shown.contains("After --bold.\n"))
  }
}
