/// `linkworker completion`: the script by which a shell completes its command lines.
enum CompletionCommand {
  static let definition = CommandDefinition(
    name: "completion",
    group: .program,
    summary: "Print the script by which bash or zsh completes command lines.",
    about: """
      Commands, options, files, words and, after -X, the names and values of settings are completed. The script asks the program for \
      them, so it stays right when the program is renewed. For the session, or in the shell's own file (.zshrc: after compinit):
        eval "$(linkworker completion bash)"
        eval "$(linkworker completion zsh)"
      Where the shell looks for scripts it needs no line: bash, with its package bash-completion, in \
      ~/.local/share/bash-completion/completions/linkworker; zsh in a file _linkworker in a directory of its fpath.
      """,
    operands: [.required(CompletionScript.allCases.map(\.rawValue).joined(separator: "|"))],
    examples: [
      "linkworker completion bash > linkworker.bash",
      "linkworker completion zsh > _linkworker",
    ],
    exitCodes: [],
    body: { invocation throws(CommandFailure) in
      guard let script = CompletionScript(rawValue: invocation.operands[0]) else {
        throw .usage(
          "completion", "\(quoted(invocation.operands[0])) is no shell that it knows",
          hint: "linkworker completion bash")
      }
      invocation.console.write(script.text + "\n")
      return .ok
    })
}
