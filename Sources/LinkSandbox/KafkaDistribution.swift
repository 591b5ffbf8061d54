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

  /// What keeps a broker from being started.
  package enum Obstacle: Equatable, Sendable {
    /// `home` is no directory.
    case noDirectory
    /// Kafka's jars are not where they should be.
    case noJars
    /// There is no `java`.
    case noJava
  }

  /// The first thing that is missing, or nil where a start can be tried.
  package var obstacle: Obstacle? {
    var status = stat()
    guard stat(home, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { return .noDirectory }
    guard jarVersion != nil else { return .noJars }
    let folders = (Self.environment("PATH") ?? "").split(separator: ":").map { "\($0)/\(java)" }
    let candidates = java.contains("/") ? [java] : folders
    return candidates.contains { access($0, X_OK) == 0 } ? nil : .noJava
  }

  /// Kafka's version as its jars are named, or nil where there are none.
  package var jarVersion: String? {
    guard let folder = opendir(libraries) else { return nil }
    defer { closedir(folder) }
    while let entry = readdir(folder) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name.hasPrefix("kafka-clients-"), name.hasSuffix(".jar") {
        return String(name.dropFirst("kafka-clients-".count).dropLast(".jar".count))
      }
    }
    return nil
  }

  /// The Java class path of its jars.
  package var classPath: String { "\(libraries)/*" }

  /// The folder of its jars.
  package var libraries: String { home + "/libs" + (version.map { "-\($0)" } ?? "") }

  /// The `java` to run: of `JAVA_HOME`, else the first in `PATH`.
  package var java: String { Self.environment("JAVA_HOME").map { $0 + "/bin/java" } ?? "java" }

  private static func environment(_ name: String) -> String? {
    guard let value = getenv(name) else { return nil }
    let text = String(cString: value)
    return text.isEmpty ? nil : text
  }
}
