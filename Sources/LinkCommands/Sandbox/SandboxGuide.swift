import LinkCore

/// What the sandbox tells a newcomer around the live view. Pure.
enum SandboxGuide {
  /// The first line.
  static var welcome: String {
    "linkworker \(Version.current) sandbox: Kafka, a TradingView adapter, and the worker between the two."
  }

  /// What is running where, and what is to be known of it.
  static func parts(_ broker: SandboxBroker, adapterURL: String, _ topics: WorkerSettings.Topics) -> String {
    """

      broker   \(broker.bootstrap)  \(broker.kind)
      topics   \(topics.requests), \(topics.outcomes), …
      adapter  \(adapterURL)  an emulator; its tokens are worth nothing

    \(broker.notice)

    """
  }

  /// What is about to be sent.
  static func samples(_ samples: [Sample]) -> [StyledLine] {
    [StyledLine("Sent to the worker, once it has joined its group:")]
      + samples.map { sample in
        var line = StyledLine("  ")
        line.append(sample.name, .bold)
        line.pad(to: 14)
        line.append(sample.about)
        return line
      } + [StyledLine()]
  }

  /// The live view's first line.
  static func title(_ broker: SandboxBroker, adapterURL: String) -> StyledLine {
    var line = StyledLine("linkworker sandbox", .bold)
    // First of all, for a narrow terminal cuts the end off.
    line.append("  Ctrl-C ends", .dim)
    line.append("  broker ", .dim)
    line.append("\(broker.bootstrap) (\(broker.kind))")
    line.append("  adapter ", .dim)
    line.append(adapterURL)
    return line
  }

  /// What one can do while it stays.
  static func invitation(_ commands: [ReadyCommand]) -> [StyledLine] {
    [
      StyledLine(),
      StyledLine("Your turn, from another terminal; what you send shows here. It goes on until Ctrl-C."),
    ]
      + commands.flatMap { command in
        [StyledLine("  # \(command.about)", .dim), StyledLine("  \(command.line)")]
      } + [StyledLine()]
  }
}
