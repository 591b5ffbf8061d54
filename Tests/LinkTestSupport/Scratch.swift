import Foundation

/// A directory of a test's own, gone with it.
public final class Scratch: Sendable {
  /// Where it is.
  public let path: String

  /// Makes it.
  public init() throws {
    let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    var template = Array((parent + "/linkworker-test-XXXXXX").utf8CString)
    let made = template.withUnsafeMutableBufferPointer { buffer in
      buffer.baseAddress.flatMap { mkdtemp($0) }.map { String(cString: $0) }
    }
    guard let made else { throw Missing("A directory in \(parent): \(String(cString: strerror(errno)))") }
    path = made
  }

  deinit { Self.remove(path) }

  /// The path of a file in it.
  public subscript(name: String) -> String { path + "/" + name }

  /// Writes a file that its owner alone can read, in the place of one that may be there, and returns its path.
  @discardableResult
  public func write(_ name: String, _ bytes: [UInt8]) throws -> String {
    let next = self[name + ".next"]
    unlink(next)
    let descriptor = open(next, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw Missing("The file \(next): \(String(cString: strerror(errno)))") }
    defer { close(descriptor) }
    var written = 0
    while written < bytes.count {
      let count = bytes[written...].withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
      guard count > 0 else { throw Missing("Room for \(next): \(String(cString: strerror(errno)))") }
      written += count
    }
    guard rename(next, self[name]) == 0 else { throw Missing("The file \(self[name])") }
    return self[name]
  }

  /// Writes a file of text.
  @discardableResult
  public func write(_ name: String, _ text: String) throws -> String { try write(name, Array(text.utf8)) }

  /// The bytes of a file from an offset on; none where it is not there.
  public static func bytes(of path: String, from offset: Int = 0) -> [UInt8] {
    guard let file = fopen(path, "re") else { return [] }
    defer { fclose(file) }
    fseek(file, offset, SEEK_SET)
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 18)
    while case let count = fread(&chunk, 1, chunk.count, file), count > 0 { bytes += chunk[..<count] }
    return bytes
  }

  /// Removes a file or a directory with all that is in it.
  public static func remove(_ path: String) {
    // What is not there needs no removing; what cannot be removed shows in the test that needs it gone.
    try? FileManager.default.removeItem(atPath: path)
  }
}
