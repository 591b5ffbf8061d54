import LinkCore

/// The settings: one row each. Reading, checking, the help and the README follow this table and nothing else.
public enum SettingTable {
  /// Every setting, in the order of the documentation.
  public static let all: [SettingDefinition] = kafka + topics + requests + adapter + retry + state + process

  /// The setting of this name.
  static func definition(of name: String) -> SettingDefinition? { byName[name] }

  private static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })

  /// Before every property that goes to librdkafka.
  static let passThroughPrefix = "kafka."

  @SettingRows private static var kafka: [SettingDefinition] {
    SettingDefinition(
      "kafka.bootstrap.servers", .servers, .required, into: \.kafka.bootstrapServers,
      meaning: "The brokers to begin with.",
      interactions: "Without TLS on another machine `insecure.kafka` is needed.")
    SettingDefinition(
      "kafka.group.id", .text(limit: 200), .preset("linkworker"), into: \.kafka.groupId,
      meaning: "The consumer group that all workers of a fleet share; it is the `source` of their events.",
      hazard: "Under another name the fleet has no offsets, and its outcomes have other ids.")
    SettingDefinition(
      "kafka.group.instance.id", .text(limit: 200), optionallyInto: \.kafka.groupInstanceId,
      meaning: "Static membership: a worker that comes back within the session timeout moves no partition.",
      hazard: "Two workers with one name end each other.")
    SettingDefinition(
      "kafka.sasl.password.file", .secretFile, optionallyInto: \.kafka.saslPasswordFile,
      meaning: "A file with the SASL password, read at start; one newline at its end is dropped.",
      interactions: "Takes the place of `kafka.sasl.password`, which shows in process lists or the environment.")
  }

  @SettingRows private static var topics: [SettingDefinition] {
    SettingDefinition(
      "topics.requests", .topic, .preset("link-account.requests"), into: \.topics.requests,
      meaning: "Link requests and replay requests come in here.")
    SettingDefinition(
      "topics.outcomes", .topic, .preset("link-account.outcomes"), into: \.topics.outcomes,
      meaning: "Outcomes and refusals go out here.", hazard: "Its records hold tokens: restrict who may read it.")
    SettingDefinition(
      "topics.state", .topic, .preset("link-account.state"), into: \.topics.state,
      meaning: "The compacted changelog of every link.",
      interactions: "Has as many partitions as `topics.requests`.",
      hazard: "It is the worker's memory: without it every request is a new one.")
    SettingDefinition(
      "topics.dead-letters", .topic, .preset("link-account.dead-letters"), into: \.topics.deadLetters,
      meaning: "What could not be read, as it was, with the reason in its headers.")
  }

  @SettingRows private static var requests: [SettingDefinition] {
    SettingDefinition(
      "requests.unknown.type", .choice, .preset("dead-letter"), into: \.unknownType,
      meaning: "What becomes of a CloudEvent of a type that the worker does not serve.",
      hazard: "`skip` leaves no trace of a misspelt type but a counter.")
    SettingDefinition(
      "event.max.bytes", .integer(1024...524_288, unit: "bytes"), .preset("65536"), into: \.eventByteLimit,
      meaning: "Key, headers and value together; a larger record is a dead letter.",
      hazard: "A link's state record holds its request: above the topic's `max.message.bytes` it cannot be written.")
    SettingDefinition(
      "instance.id", .text(limit: 200), optionallyInto: \.instanceId,
      meaning:
        "This worker's name, part of its `transactional.id`; left out, a random one is kept in `store.directory`.",
      hazard: "Two workers with one name fence each other; the one fenced twice in a minute ends with 78.")
  }

  @SettingRows private static var adapter: [SettingDefinition] {
    SettingDefinition(
      "adapter.url", .url, .required, into: \.adapter.url,
      meaning: "The adapter's base address, to which `/generate/token` is added.",
      interactions: "Plain http to another machine needs `insecure.adapter`.")
    SettingDefinition(
      "adapter.credential.file", .secretFile, .required, into: \.adapter.credentialFile,
      meaning:
        "A file with the bearer credential, read anew when it changes and after a 401: a rotation needs no restart.")
    SettingDefinition(
      "adapter.ca.file", .file, optionallyInto: \.adapter.caFile,
      meaning: "Certificates in PEM to trust instead of the system's.")
    SettingDefinition(
      "adapter.concurrency", .integer(1...4096, unit: "calls"), .preset("64"), into: \.adapter.concurrency,
      meaning:
        "Calls at the same time at most, over all users; of one user there is never more than one. The worker begins with few and finds out, from "
        + "answer times, 429, 502-504 and lost answers, how many the adapter bears.",
      hazard:
        "Far more than the adapter bears turns into timeouts before that is found out, and each may leave a token that nobody holds."
    )
    SettingDefinition(
      "adapter.rate.per.second", .integer(1...1_000_000, unit: "calls"), optionallyInto: \.adapter.ratePerSecond,
      meaning:
        "Calls in a second at most, over the whole fleet: each worker takes the share of the partitions that it holds.",
      interactions: "Set it alike on all workers.",
      hazard:
        "A worker whose partitions have more than their part of the requests leaves rate unused; below what comes in, requests wait in Kafka."
    )
    SettingDefinition(
      "adapter.connect.timeout.ms", .duration(10...60_000), .preset("1000"), into: \.adapter.connectTimeout,
      meaning: "For the connection, TLS included.", interactions: "At most `adapter.timeout.ms`.")
    SettingDefinition(
      "adapter.timeout.ms", .duration(10...600_000), .preset("5000"), into: \.adapter.timeout,
      meaning: "For the whole call.",
      hazard: "Shorter than the adapter's slowest answer, a token may be made and lost at every try.")
    SettingDefinition(
      "adapter.transient.status", .statuses, optionallyInto: \.adapter.transientStatuses,
      meaning: "Statuses of the adapter that are tried again, besides 408, 425, 429 and 5xx; every other 4xx is final.",
      interactions: "401 and 403 speak of the credential and cannot stand here.",
      hazard:
        "A no that is final is asked for again until the link's deadline, and its person hears nothing until then.")
    SettingDefinition(
      "adapter.transient.errmsg", .texts, optionallyInto: \.adapter.transientErrmsgs,
      meaning:
        "Texts, as in `busy,try again`: an `errmsg` with one of them in it, in whatever case, is tried again; every other is final.",
      interactions: "Looked for where the status alone does not decide, in the first 2000 characters.",
      hazard: "A text that also stands in a final no keeps that link waiting until its deadline.")
  }

  @SettingRows private static var retry: [SettingDefinition] {
    SettingDefinition(
      "retry.initial.ms", .duration(1...3_600_000), .preset("500"), into: \.retry.initial,
      meaning: "The first wait is random up to this; each next one up to twice as much.",
      interactions: "At most `retry.max.ms`.")
    SettingDefinition(
      "retry.max.ms", .duration(1...86_400_000), .preset("900000"), into: \.retry.max,
      meaning: "No wait of the worker's own choice is longer (15 minutes).")
    SettingDefinition(
      "retry.max.after.ms", .duration(0...86_400_000), .preset("900000"), into: \.retry.maxAfter,
      meaning:
        "As much of a `Retry-After`, seconds or date, as is waited (15 minutes); what `retry.max.ms` allows is added at random, and a tenth at least.",
      hazard: "An absurd value holds a link for as long; with 0, `Retry-After` is not heeded at all.")
    SettingDefinition(
      "retry.attempts", .integer(0...1_000_000, unit: "calls"), .preset("0"), into: \.retry.attempts,
      meaning: "Calls of a link after which it fails; 0: its deadline alone ends it.",
      hazard: "With a number, an outage of the adapter fails links that would have succeeded after it.")
    SettingDefinition(
      "retry.ambiguous.attempts", .integer(0...1_000_000, unit: "answers"), .preset("300"),
      into: \.retry.ambiguousAttempts,
      meaning:
        "Answers lost or not to be read after which a link fails, for each may have left a token that nobody holds; 0: no limit.",
      interactions: "At the default waits a link alone has some 200 of them in 24 hours of nothing else.",
      hazard: "With less, or with a shorter `retry.max.ms`, an outage that loses answers fails links.")
    SettingDefinition(
      "retry.deadline.ms", .duration(1000...31_536_000_000), .preset("259200000"), into: \.retry.deadline,
      meaning: "From the request on, where the request has no deadline of its own (72 hours).",
      interactions: "At most `state.retention.ms`.")
    SettingDefinition(
      "replay.limit", .integer(1...Link.replayLimit, unit: "replays"), .preset("10"), into: \.replayLimit,
      meaning:
        "Accepted replays of a link; a further one is refused unless it is forced (`linkworker replay --force`).",
      interactions:
        "A link has \(Link.replayLimit) replays at most, forced ones included: each stays in its state record.")
  }

  @SettingRows private static var state: [SettingDefinition] {
    SettingDefinition(
      "token.life.ms", .duration(1000...31_536_000_000), .preset("2592000000"), into: \.tokenLife,
      meaning: "How long a token lives from the moment before its call (30 days): the adapter does not say.",
      interactions: "At most `state.retention.ms`.")
    SettingDefinition(
      "state.retention.ms", .duration(1000...315_360_000_000), .preset("3888000000"), into: \.stateRetention,
      meaning: "How long a link that has ended is known (45 days); an older request is refused.",
      hazard: "Shortened, requests that wait in Kafka for longer are refused.")
    SettingDefinition(
      "store.directory", .directory, .preset("linkworker-store"), into: \.storeDirectory,
      meaning: "Where the local store lives; one worker to a directory.",
      hazard: "It holds tokens until they are committed: on a disk that only the worker can read.")
    SettingDefinition(
      "commit.linger.ms", .duration(0...1000), .preset("5"), into: \.commit.linger,
      meaning: "How long a decision waits for others of its transaction.")
    SettingDefinition(
      "commit.batch", .integer(1...10_000, unit: "decisions"), .preset("1000"), into: \.commit.batch,
      meaning: "Decisions of one transaction at most.")
  }

  @SettingRows private static var process: [SettingDefinition] {
    SettingDefinition(
      "shutdown.timeout.ms", .duration(0...600_000), .preset("30000"), into: \.shutdownTimeout,
      meaning: "How long calls in flight may take to settle after SIGTERM.",
      hazard: "Keep the supervisor's own limit above it; what is cut off may cost a call again.")
    SettingDefinition(
      "admin.listen", .listenAddress, .preset("127.0.0.1:9464"), into: \.adminListen,
      meaning:
        "Where `/livez`, `/readyz` and `/metrics` are served; port 0 takes any that is free, and the log says which.",
      hazard: "Whoever reaches it sees how many links there are and how they fare, but no secret and no user.")
    SettingDefinition(
      "log.level", .choice, .preset("info"), into: \.log.level, meaning: "The least weighty lines that are written.")
    SettingDefinition(
      "log.format", .choice, .preset("json"), into: \.log.format,
      meaning: "JSON objects for programs, or text for people.")
    SettingDefinition(
      "insecure.kafka", .boolean, .preset("false"), into: \.insecure.kafka,
      meaning: "Lets Kafka on another machine be used without TLS, or without checking its certificate.",
      hazard: "Tokens cross the network in plain text.")
    SettingDefinition(
      "insecure.adapter", .boolean, .preset("false"), into: \.insecure.adapter,
      meaning: "Lets an adapter on another machine be called over plain http.",
      hazard: "The credential and the tokens cross the network in plain text.")
  }
}

/// Collects rows, so that each is checked by the compiler for itself.
@resultBuilder enum SettingRows {
  static func buildBlock(_ rows: SettingDefinition...) -> [SettingDefinition] { rows }
}
