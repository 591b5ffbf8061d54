/// Bytes that must not be shown: a generated token or the adapter's credential.
///
/// It has no description but `<secret>`, so that neither interpolation nor a dump of what holds it prints it (promise P5).
public struct Secret: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  private let bytes: [UInt8]

  /// Keeps `bytes` from being shown.
  public init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// The bytes themselves: call this only where the secret leaves for a place that promise P5 allows.
  public func reveal() -> [UInt8] { bytes }

  /// Never the secret.
  public var description: String { "<secret>" }

  /// Never the secret.
  public var debugDescription: String { "<secret>" }

  /// Never the secret.
  public var customMirror: Mirror { Mirror(self, children: []) }
}
