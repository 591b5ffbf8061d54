import CRdKafka
import Glibc
public import LinkCore
public import LinkSandbox

/// A Kafka that asks who one is and allows nothing that no rule allows: passwords over TLS, client certificates over TLS, and one listener in
/// plain text on which one may do everything.
public final class SecureKafka: Sendable {
  /// The broker; its own `bootstrap` is the listener in plain text.
  public let kafka: RealKafka
  /// Where passwords are asked for.
  public let passwordAddress: String
  /// Where certificates are asked for.
  public let certificateAddress: String
  /// The certificates: `ca.pem`, and `NAME.pem` with `NAME.key` of `broker`, `worker`, `stranger`.
  public let certificates: Certificates

  /// What the users `worker` and `stranger` know.
  public static let password = "canary-password-4711"
  /// What the keys of the users' certificates are locked with.
  public static let keyPassword = "canary-key-password-4712"

  /// The one that the tests of a process share; it ends with it.
  public static var shared: SecureKafka { get throws { try present.get() } }

  private static let present: Result<SecureKafka, any Error> = Result {
    let made = try SecureKafka()
    // What a process holds to its end is not let go by itself.
    atexit { if case .success(let made) = SecureKafka.present { made.certificates.remove() } }
    return made
  }

  /// Starts one.
  public init(version: String? = nil) throws {
    certificates = try Certificates(
      "authority ca; sign broker ca 30 IP:127.0.0.1,DNS:localhost; sign worker ca 30 DNS:worker; lock worker; "
        + "sign stranger ca 30 DNS:stranger; lock stranger; cat broker.key broker.pem ca.pem > broker.keystore")
    let (password, certificate) = (try RealKafka.freePort(), try RealKafka.freePort())
    passwordAddress = "127.0.0.1:\(password)"
    certificateAddress = "127.0.0.1:\(certificate)"
    let users = ["worker", "stranger"].map { "user_\($0)=\"\(Self.password)\"" }.joined(separator: " ")
    let modules = "org.apache.kafka.common.security"
    kafka = try TestKafka.start(
      version: version,
      extra: [
        "sasl.enabled.mechanisms": "SCRAM-SHA-256,PLAIN",
        "listener.name.sasl_ssl.scram-sha-256.sasl.jaas.config": "\(modules).scram.ScramLoginModule required;",
        "listener.name.sasl_ssl.plain.sasl.jaas.config": "\(modules).plain.PlainLoginModule required \(users);",
        "ssl.keystore.type": "PEM", "ssl.keystore.location": certificates["broker.keystore"],
        "ssl.truststore.type": "PEM", "ssl.truststore.location": certificates["ca.pem"],
        "listener.name.ssl.ssl.client.auth": "required",
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": "User:ANONYMOUS",
      ], listeners: ["SASL_SSL": password, "SSL": certificate])
  }

  /// Settings of a worker that is a user with a password.
  public func passwordSettings(_ user: String = "worker", mechanism: String = "PLAIN") -> [String: String] {
    [
      "kafka.bootstrap.servers": passwordAddress, "kafka.security.protocol": "SASL_SSL",
      "kafka.ssl.ca.location": certificates["ca.pem"], "kafka.sasl.mechanism": mechanism, "kafka.sasl.username": user,
      "kafka.sasl.password": Self.password,
    ]
  }

  /// Settings of a worker that is a user with a certificate.
  public func certificateSettings(_ user: String = "worker") -> [String: String] {
    [
      "kafka.bootstrap.servers": certificateAddress, "kafka.security.protocol": "SSL",
      "kafka.ssl.ca.location": certificates["ca.pem"],
      "kafka.ssl.certificate.location": certificates["\(user).pem"],
      "kafka.ssl.key.location": certificates["\(user).key"], "kafka.ssl.key.password": Self.keyPassword,
    ]
  }

  /// Gives the user a password for SCRAM as well.
  public func enableSCRAM(_ user: String = "worker") throws {
    let outcome = try TestKafka.runTool([
      "kafka.admin.ConfigCommand", "--bootstrap-server", kafka.bootstrap, "--alter", "--add-config",
      "SCRAM-SHA-256=[iterations=4096,password=\(Self.password)]", "--entity-type", "users", "--entity-name", user,
    ])
    guard outcome.code == 0 else { throw Missing("The user: \(outcome.outputText)\(outcome.errorText)") }
  }
}

/// An access rule of Kafka's.
public struct AccessRule: Hashable, Sendable, CustomStringConvertible {
  /// What it is about.
  public enum Resource: String, Sendable { case topic, group, transactionalID = "transactional-id" }
  /// An operation that may be allowed.
  public enum Operation: String, Sendable {
    case read = "Read", write = "Write", describe = "Describe", describeConfigs = "DescribeConfigs"
  }

  /// What it is about.
  public var resource: Resource
  /// The name, or its beginning where it is about a transactional id.
  public var name: String
  /// What it allows.
  public var operation: Operation

  /// A rule.
  public init(_ resource: Resource, _ name: String, _ operation: Operation) {
    self.resource = resource
    self.name = name
    self.operation = operation
  }

  /// For messages.
  public var description: String { "\(operation.rawValue) on \(resource.rawValue) \(name)" }

  /// The rules that the workers of a group need, and no more.
  public static func least(topics names: [TopicRole: String], group: String) -> [AccessRule] {
    let topics: [(TopicRole, [Operation])] = [
      (.requests, [.read, .write, .describeConfigs]), (.outcomes, [.write, .describeConfigs]),
      (.state, [.read, .write, .describeConfigs]), (.deadLetters, [.write, .describeConfigs]),
    ]
    return topics.flatMap { role, operations in
      operations.map { AccessRule(.topic, names[role] ?? role.rawValue, $0) }
    } + [AccessRule(.group, group, .read), AccessRule(.transactionalID, group + ".", .write)]
  }
}

extension SecureKafka {
  /// Allows a principal, `User:…`, what the rules say.
  public func allow(_ rules: [AccessRule], to principal: String) throws {
    try change(rules, principal, isRemoval: false)
  }

  /// Takes that back.
  public func forbid(_ rules: [AccessRule], to principal: String) throws {
    try change(rules, principal, isRemoval: true)
  }

  private func change(_ rules: [AccessRule], _ principal: String, isRemoval: Bool) throws {
    // librdkafka knows no rules on transactional ids before 2.2: those are for Kafka's own tool.
    for rule in rules where rule.resource == .transactionalID {
      let outcome = try TestKafka.runTool([
        TestKafka.accessRuleTool, "--bootstrap-server", kafka.bootstrap, isRemoval ? "--remove" : "--add",
        "--force", "--allow-principal", principal, "--operation", rule.operation.rawValue, "--transactional-id",
        rule.name, "--resource-pattern-type", "prefixed",
      ])
      guard outcome.code == 0 else { throw Missing("The rule \(rule): \(outcome.outputText)\(outcome.errorText)") }
    }
    let rules = rules.filter { $0.resource != .transactionalID }
    guard !rules.isEmpty else { return }
    let configuration = rd_kafka_conf_new()
    rd_kafka_conf_set(configuration, "bootstrap.servers", kafka.bootstrap, nil, 0)
    guard let client = rd_kafka_new(RD_KAFKA_PRODUCER, configuration, nil, 0) else { throw Missing("A Kafka client") }
    defer { rd_kafka_destroy(client) }
    let queue = rd_kafka_queue_new(client)
    defer { rd_kafka_queue_destroy(queue) }
    var bindings = rules.map { Self.binding($0, principal, isFilter: isRemoval) }
    defer { for binding in bindings { rd_kafka_AclBinding_destroy(binding) } }
    if isRemoval {
      rd_kafka_DeleteAcls(client, &bindings, bindings.count, nil, queue)
    } else {
      rd_kafka_CreateAcls(client, &bindings, bindings.count, nil, queue)
    }
    guard let event = rd_kafka_queue_poll(queue, 60_000) else { throw Missing("An answer about access rules") }
    defer { rd_kafka_event_destroy(event) }
    guard rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR_NO_ERROR else {
      throw Missing("The rules: \(rd_kafka_event_error_string(event).map { String(cString: $0) } ?? "")")
    }
    for rule in rules { try awaitChange(of: rule, principal, isRemoval: isRemoval, client, queue) }
  }

  /// Kafka answers when a change is written; the broker heeds it once it has read that, and tells of rules as it heeds them.
  private func awaitChange(
    of rule: AccessRule, _ principal: String, isRemoval: Bool, _ client: OpaquePointer, _ queue: OpaquePointer?
  ) throws {
    let filter = Self.binding(rule, principal, isFilter: true)
    defer { rd_kafka_AclBinding_destroy(filter) }
    try awaiting("\(rule) \(isRemoval ? "withdrawn" : "given")") {
      rd_kafka_DescribeAcls(client, filter, nil, queue)
      guard let event = rd_kafka_queue_poll(queue, 60_000) else { throw Missing("An answer about access rules") }
      defer { rd_kafka_event_destroy(event) }
      guard rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR_NO_ERROR else {
        throw Missing("The rules: \(rd_kafka_event_error_string(event).map { String(cString: $0) } ?? "")")
      }
      var count = 0
      rd_kafka_DescribeAcls_result_acls(rd_kafka_event_DescribeAcls_result(event), &count)
      return (count == 0) == isRemoval
    }
  }

  private static func binding(_ rule: AccessRule, _ principal: String, isFilter: Bool) -> OpaquePointer? {
    let operation =
      switch rule.operation {
      case .read: RD_KAFKA_ACL_OPERATION_READ
      case .write: RD_KAFKA_ACL_OPERATION_WRITE
      case .describe: RD_KAFKA_ACL_OPERATION_DESCRIBE
      case .describeConfigs: RD_KAFKA_ACL_OPERATION_DESCRIBE_CONFIGS
      }
    let make = isFilter ? rd_kafka_AclBindingFilter_new : rd_kafka_AclBinding_new
    return make(
      rule.resource == .group ? RD_KAFKA_RESOURCE_GROUP : RD_KAFKA_RESOURCE_TOPIC, rule.name,
      RD_KAFKA_RESOURCE_PATTERN_LITERAL, principal, "*", operation, RD_KAFKA_ACL_PERMISSION_TYPE_ALLOW, nil, 0)
  }
}
