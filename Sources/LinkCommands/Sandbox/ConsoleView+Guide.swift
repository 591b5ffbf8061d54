import LinkCore

/// What the sandbox tells a newcomer around the results.
extension ConsoleView {
  /// What is running where, and what it is not.
  func greet(_ settings: WorkerSettings, partitionCount: Int32) {
    say(
      """
      linkworker \(Version.current) sandbox: a Kafka broker, a TradingView adapter and the worker in this one process.

        broker   \(settings.kafka.bootstrapServers)  topics with \(partitionCount) partitions: \(settings.topics.requests), \
      \(settings.topics.outcomes), …
        adapter  \(settings.adapter.url.description)  an emulator; its tokens are worth nothing

      The broker is librdkafka's mock cluster: it keeps everything in memory and forgets it at the end, and it gives no
      transaction isolation. It shows how the worker behaves, and proves nothing about exactly-once.

      """)
  }

  /// What is about to be sent.
  func announce(_ samples: [Sample]) {
    say("Sent to the worker, all at once:\n")
    for sample in samples { say(sample) }
    say("\nWhat comes back (the worker needs some seconds to join its group):\n")
  }

  /// Each sample's end.
  func sum(up rows: [Scoreboard.Row]) {
    say("")
    say(rows)
    let different = rows.filter { !$0.isAsExpected }.map(\.sample.name)
    say(
      different.isEmpty
        ? "\nAll \(rows.count) samples ended as expected."
        : "\n\(different.count) of \(rows.count) samples did not end as expected: \(different.joined(separator: ", "))."
    )
  }

  /// What one can do while it stays.
  func invite(bootstrap: String, topics: WorkerSettings.Topics) {
    let request = String(
      decoding: Sample.event("mine-1", source: "/me", userId: 1001, .all), as: UTF8.self)
    say(
      """

      It goes on until Ctrl-C. Look at what is there, or send a request of your own, from another terminal:

        kcat -b \(bootstrap) -C -e -q -t \(topics.outcomes)
        kcat -b \(bootstrap) -C -e -q -t \(topics.deadLetters) -f '%h\\n%s\\n'
        echo '\(request)' |
          kcat -b \(bootstrap) -P -t \(topics.requests) -k 1001

      """)
  }
}
