import Glibc

/// An unpacked Apache Kafka: a folder of which nothing but the jars in `libs/` is used.
public struct KafkaDistribution: Sendable {
  /// The folder that holds `libs/`.
  public var home: String
  /// The line to run, where the folder holds several: "3.9" means `libs-3.9/`; nil means `libs/`.
  public var version: String?

  /// The distribution in `home`.
  public init(home: String, version: String? = nil) {
    self.home = home
    self.version = version
  }

  /// The one that `KAFKA_HOME` (and `KAFKA_VERSION`, where it is set) names, or nil.
  public static var fromEnvironment: KafkaDistribution? {
    guard let home = environment("KAFKA_HOME") else { return nil }
    return KafkaDistribution(home: home, version: environment("KAFKA_VERSION"))
  }

  /// The Java class path of its jars.
  var classPath: String { "\(libraries)/*" }

  /// The folder of its jars.
  var libraries: String { home + "/libs" + (version.map { "-\($0)" } ?? "") }

  /// The `java` to run: of `JAVA_HOME`, else the first in `PATH`.
  var java: String { Self.environment("JAVA_HOME").map { $0 + "/bin/java" } ?? "java" }

  private static func environment(_ name: String) -> String? {
    guard let value = getenv(name) else { return nil }
    let text = String(cString: value)
    return text.isEmpty ? nil : text
  }
}
