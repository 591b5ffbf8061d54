import LinkCore
import LinkKafka
import LinkSandbox

/// The Kafka of a sandbox while it is there: how it is reached, and what is to be known of it.
struct SandboxBroker {
  /// `HOST:PORT,…`
  let bootstrap: String
  /// What it is, in two or three words.
  let kind: String
  /// What is to be known of it, in sentences.
  let notice: String
  /// Settings that it asks for.
  let settings: [String]
  /// Whether its topics are there already: only the one in memory cannot be asked for them.
  let hasTopics: Bool
  /// Whether it goes on when the sandbox has ended.
  let outlivesSandbox: Bool
  /// The one that is started here; it ends when this is let go.
  private let child: RealKafka?
  private let embedded: EmbeddedBroker?

  /// Partitions of each topic.
  static let partitionCount: Int32 = 4

  /// Ends what was started. Clients must have been closed before.
  func stop() { embedded?.stop() }

  /// The last line of its log, where it was started here and has ended by itself; else nil.
  var lastWords: String? { child?.lastWords }

  /// librdkafka's mock cluster.
  static func inMemory() throws(CommandFailure) -> SandboxBroker {
    let topics = TopicRole.allCases.compactMap { role -> (name: String, partitions: Int)? in
      guard case .preset(let name)? = SettingTable.definition(of: "topics.\(role.rawValue)")?.presence else {
        return nil
      }
      return (name, Int(partitionCount))
    }
    let broker: EmbeddedBroker
    do { broker = try EmbeddedBroker(topics: topics) } catch { throw CommandFailure(error) }
    return SandboxBroker(
      bootstrap: broker.bootstrap, kind: "in memory",
      notice: """
        This broker is in memory (librdkafka's mock cluster): it forgets all at the end,
        keeps at most 5 MiB a partition and silently drops what is older, and gives no
        transaction isolation. It shows how the worker behaves and proves nothing about
        exactly-once; for that there are --kafka-home DIR and --kafka ADDRESS. It cannot
        be asked for its topics: from another terminal submit works, and run, topics
        and config check --connect need --kafka-home.
        """,
      // It answers a fetch only when its wait is over.
      settings: ["kafka.fetch.wait.max.ms=10"], hasTopics: true, outlivesSandbox: false, child: nil, embedded: broker)
  }

  /// A broker of its own from an unpacked Kafka; takes some seconds.
  static func start(_ home: String, say: (String) -> Void) throws(CommandFailure) -> SandboxBroker {
    let distribution = KafkaDistribution(home: home, version: KafkaDistribution.fromEnvironment?.version)
    if let obstacle = distribution.obstacle { throw failure(obstacle, distribution) }
    let version = distribution.jarVersion ?? "?"
    say("Starting Kafka \(version) from \(home.plain(limit: 200)) …")
    let kafka: RealKafka
    do {
      kafka = try RealKafka(home: home, version: distribution.version)
    } catch {
      throw CommandFailure(
        .unavailable, .init("sandbox", "Kafka \(version)", error.problem, hint: error.hint ?? "see what it says"))
    }
    return SandboxBroker(
      bootstrap: kafka.bootstrap, kind: "Kafka \(version)",
      notice: """
        This is a real Kafka \(version), one broker (KRaft) with a directory of its own:
        transactions are isolated and old producers fenced as in production, but there is
        one copy of everything. It ends with the sandbox, and its data goes.
        """,
      settings: [], hasTopics: false, outlivesSandbox: false, child: kafka, embedded: nil)
  }

  /// One that runs already: topics and group get names that nobody else has.
  static func running(_ servers: String) -> SandboxBroker {
    let stem = "linkworker-sandbox." + randomName(8)
    let topics = TopicRole.allCases.map { "topics.\($0.rawValue)=\(stem).\($0.rawValue)" }
    return SandboxBroker(
      bootstrap: servers, kind: "yours",
      notice: """
        This is a Kafka of yours. The sandbox's topics and group have names of their own,
        \(stem).…, so that none of yours is touched and no worker
        of yours reacts. They are deleted at the end; what SIGKILL leaves has that prefix.
        """,
      settings: ["kafka.group.id=\(stem)"] + topics, hasTopics: false, outlivesSandbox: true, child: nil, embedded: nil)
  }

  /// Letters and digits by chance.
  static func randomName(_ count: Int) -> String {
    let digits = Array("abcdefghijklmnopqrstuvwxyz0123456789")
    return String((0..<count).map { _ in digits[Int.random(in: digits.indices)] })
  }

  private static func failure(
    _ obstacle: KafkaDistribution.Obstacle, _ distribution: KafkaDistribution
  ) -> CommandFailure {
    let home = quoted(distribution.home)
    return switch obstacle {
    case .noDirectory:
      CommandFailure(
        .noInput,
        .init("sandbox", "--kafka-home", "\(home) is no directory", hint: "the folder of an unpacked Kafka release"))
    case .noJars:
      CommandFailure(
        .noInput,
        .init(
          "sandbox", "--kafka-home", "\(home) has no libs/ with Kafka's jars (kafka-clients-….jar)",
          hint: "the folder of an unpacked Kafka release, 3.8 or newer"))
    case .noJava:
      CommandFailure(
        .unavailable,
        .init(
          "sandbox", "--kafka-home", "there is no java to run Kafka with: \(quoted(distribution.java))",
          hint: "install Java 17 or newer, and have it in PATH or set JAVA_HOME"))
    }
  }
}
