/// `linkworker man`: the manual page.
enum ManCommand {
  static let definition = CommandDefinition(
    name: "man",
    group: .program,
    summary: "Print the manual page, linkworker(1).",
    about: """
      To read it where it is not installed:
        linkworker man | man -l -
      It is in roff's man macros and made of the same tables as the help.
      """,
    examples: ["linkworker man > linkworker.1"],
    exitCodes: [],
    body: { invocation throws(CommandFailure) in
      invocation.console.write(ManPage.roff(LinkCommandLine.commands))
      return .ok
    })
}
