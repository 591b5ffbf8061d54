public import LinkCore
public import LinkOps

/// Everything that can be set, read and checked. Only `SettingsLoader` makes one; the placeholders below are overwritten by the
/// table's defaults, which are the ones that count.
public struct WorkerSettings: Sendable {
  /// How Kafka is reached.
  public internal(set) var kafka = Kafka()
  /// The names of the four topics.
  public internal(set) var topics = Topics()
  /// What becomes of a CloudEvent of a type that the worker does not serve.
  public internal(set) var unknownType = EngineSettings.UnknownTypePolicy.deadLetter
  /// Bytes of a record (key, headers and value) up to which it is read.
  public internal(set) var eventByteLimit = 0
  /// This worker's name; nil: a random one that the store keeps.
  public internal(set) var instanceId: String?
  /// How the adapter is reached.
  public internal(set) var adapter = Adapter()
  /// When a link is tried again.
  public internal(set) var retry = Retry()
  /// Accepted replays of a link.
  public internal(set) var replayLimit = 0
  /// How long a token lives from the moment before its call.
  public internal(set) var tokenLife: Milliseconds = 0
  /// How long a link that has ended is known.
  public internal(set) var stateRetention: Milliseconds = 0
  /// The directory of the local store.
  public internal(set) var storeDirectory = ""
  /// How decisions are gathered into transactions.
  public internal(set) var commit = Commit()
  /// How long a stop may take.
  public internal(set) var shutdownTimeout: Milliseconds = 0
  /// Where health and metrics are served; nil: nowhere.
  public internal(set) var adminListen: ListenAddress?
  /// How the log is written.
  public internal(set) var log = LogOptions()
  /// What may go over a network in plain text.
  public internal(set) var insecure = Insecure()

  init() {}

  /// `kafka.*`
  public struct Kafka: Sendable {
    /// `HOST:PORT`, parted by commas.
    public internal(set) var bootstrapServers = ""
    /// The consumer group that the fleet shares.
    public internal(set) var groupId = ""
    /// The static member's name, where one is set.
    public internal(set) var groupInstanceId: String?
    /// Where the SASL password is, where it is in a file.
    public internal(set) var saslPasswordFile: SecretFile?
    /// What librdkafka is given as it was written, sorted by name: bootstrap servers, passwords and all that is passed through, but not
    /// `group.id`, which is a part of the protocol.
    public internal(set) var properties: [KafkaProperty] = []
  }

  /// `topics.*`
  public struct Topics: Hashable, Sendable {
    /// The topic of requests.
    public internal(set) var requests = ""
    /// The topic of outcomes.
    public internal(set) var outcomes = ""
    /// The compacted topic of states.
    public internal(set) var state = ""
    /// The topic of dead letters.
    public internal(set) var deadLetters = ""

    /// The name of the topic that plays this part.
    public subscript(role: TopicRole) -> String {
      switch role {
      case .requests: requests
      case .outcomes: outcomes
      case .state: state
      case .deadLetters: deadLetters
      }
    }
  }

  /// `adapter.*`
  public struct Adapter: Sendable {
    /// The base address.
    public internal(set) var url = AdapterURL()
    /// The bearer credential; read it anew after a 401.
    public internal(set) var credentialFile = SecretFile(path: "")
    /// Certificates to trust instead of the system's, in PEM.
    public internal(set) var caFile: String?
    /// Calls at the same time, at most.
    public internal(set) var concurrency = 0
    /// Calls in a second, over the whole fleet; nil: as many as the adapter bears.
    public internal(set) var ratePerSecond: Int?
    /// For the connection, TLS included.
    public internal(set) var connectTimeout: Milliseconds = 0
    /// For the whole call.
    public internal(set) var timeout: Milliseconds = 0
    /// Statuses that are tried again, besides those that always are; nil: none.
    public internal(set) var transientStatuses: [Int]?
    /// Texts that make an `errmsg` worth another try; nil: none.
    public internal(set) var transientErrmsgs: [String]?
  }

  /// `retry.*`
  public struct Retry: Hashable, Sendable {
    /// The first wait's upper end.
    public internal(set) var initial: Milliseconds = 0
    /// Every wait's upper end, where the adapter does not ask for a longer one.
    public internal(set) var max: Milliseconds = 0
    /// The upper end of what a `Retry-After` asks for.
    public internal(set) var maxAfter: Milliseconds = 0
    /// Calls of a link at most; 0: as many as its deadline leaves time for.
    public internal(set) var attempts = 0
    /// Ambiguous answers of a link at most; 0: no limit.
    public internal(set) var ambiguousAttempts = 0
    /// From the request on, where it has no deadline of its own.
    public internal(set) var deadline: Milliseconds = 0
  }

  /// `commit.*`
  public struct Commit: Hashable, Sendable {
    /// How long a decision waits for company.
    public internal(set) var linger: Milliseconds = 0
    /// Decisions of one transaction at most.
    public internal(set) var batch = 0
  }

  /// `log.*`
  public struct LogOptions: Hashable, Sendable {
    /// The least weighty level that is written.
    public internal(set) var level = LogLevel.info
    /// JSON or text.
    public internal(set) var format = LogFormat.json
  }

  /// `insecure.*`
  public struct Insecure: Hashable, Sendable {
    /// Kafka without TLS on another machine.
    public internal(set) var kafka = false
    /// The adapter without TLS on another machine.
    public internal(set) var adapter = false
  }
}
