/// Where a setting's value came from, as errors name it. Later cases win over earlier ones.
public enum SettingOrigin: Hashable, Sendable, CustomStringConvertible {
  /// The table's default.
  case preset
  /// A line, from 1 on, of a properties file.
  case file(path: String, line: Int)
  /// A variable of the environment.
  case environment(String)
  /// `-X name=value` on the command line.
  case argument

  /// As errors say it: `default`, `FILE:LINE`, `environment variable NAME`, `-X`.
  public var description: String {
    switch self {
    case .preset: "default"
    case .file(let path, let line): "\(path):\(line)"
    case .environment(let name): "environment variable \(name)"
    case .argument: "-X"
    }
  }
}
