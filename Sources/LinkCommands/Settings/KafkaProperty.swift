import LinkCore
import LinkKafka

/// One property for librdkafka, as the user wrote it: the name without `kafka.`, and where it came from.
public struct KafkaProperty: Sendable {
  /// The name as librdkafka knows it.
  public let name: String
  /// Where it came from, for an error of librdkafka's.
  public let origin: SettingOrigin
  private let value: Secret
  /// Whether the value must not be shown.
  public let isSecret: Bool

  init(name: String, value: Secret, origin: SettingOrigin) {
    self.name = name
    self.value = value
    self.origin = origin
    isSecret = KafkaProperties.isSecret(name)
  }

  /// The value itself: for librdkafka alone.
  public func reveal() -> String { String(decoding: value.reveal(), as: UTF8.self) }

  /// Names a file, a directory, or `probe`.
  static let trustedName = "ssl.ca.location"

  /// Those that name files.
  static let fileNames = [
    trustedName, "ssl.certificate.location", "ssl.key.location", "ssl.keystore.location", "ssl.crl.location",
  ]

  /// Whether its value is the path of a file, if it is not a word that stands for something else.
  static func isPath(_ name: String) -> Bool {
    // A library is looked for in more places than the working directory.
    name != "ssl.engine.location" && [".location", ".file", ".keytab"].contains { name.hasSuffix($0) }
  }

  /// What the protocol sets itself, with its other names in librdkafka: the reason, as the rest of a sentence.
  static let owned: [String: String] = {
    let settled = "offsets are committed in the transaction of the decisions they belong to"
    let exactlyOnce = "every outcome is published in an idempotent transaction that the worker runs itself"
    return [
      "isolation.level": "what the worker reads must be committed, except where it looks for the true end of a log",
      "enable.auto.commit": settled,
      "auto.commit.enable": settled,
      "auto.commit.interval.ms": settled,
      "enable.auto.offset.store": settled,
      "offset.store.method": settled,
      "enable.partition.eof": "the end of a partition is how the worker knows that its state is restored",
      "auto.offset.reset": "a lost offset stops the lane with an alarm instead of skipping or repeating requests",
      "group.protocol": "the fence on commits needs the classic protocol",
      "partition.assignment.strategy": "the fence on commits was proven with the range assignor",
      "enable.idempotence": exactlyOnce,
      "transactional.id": "it is made of kafka.group.id and the instance, so that no two workers share one",
      "transaction.timeout.ms": "how long a dead worker can hold up its successor depends on it",
      "acks": exactlyOnce,
      "request.required.acks": exactlyOnce,
      "partitioner": "a user's home partition is that of Java's default partitioner, whatever produced the request",
      "delivery.report.only.error": "a transaction counts every record that it has delivered",
      "metadata.broker.list": "it is another name of bootstrap.servers",
    ]
  }()
}

/// One entry of `kafka.bootstrap.servers`.
struct KafkaServer: Hashable {
  /// The protocol before `://` in lower case, where there is one; it counts more than `security.protocol`.
  var securityProtocol: String?
  var host: String

  /// The entries of a list parted by commas; nil where one is misspelt or there is none.
  static func list(_ text: String) -> [KafkaServer]? {
    var servers: [KafkaServer] = []
    for entry in text.split(separator: ",", omittingEmptySubsequences: false) {
      var rest = entry.drop { $0 == " " }
      while rest.last == " " { rest.removeLast() }
      var securityProtocol: String?
      let name = rest.prefix { $0 != ":" }
      if rest.dropFirst(name.count).hasPrefix("://") {
        securityProtocol = name.lowercased()
        guard ["plaintext", "ssl", "sasl_plaintext", "sasl_ssl"].contains(securityProtocol) else { return nil }
        rest = rest.dropFirst(name.count + 3)
      }
      guard let (host, _) = HostPort.split(rest), !host.isEmpty else { return nil }
      servers.append(KafkaServer(securityProtocol: securityProtocol, host: host))
    }
    return servers.isEmpty ? nil : servers
  }
}
