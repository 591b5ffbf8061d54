import Glibc

/// A disk of a test's own that is small enough to be filled: a tmpfs, unmounted with this.
public final class SmallDisk: Sendable {
  /// Where it is mounted.
  public let path: String
  private let scratch: Scratch

  /// Whether disks can be mounted here: by root alone, and not in every container.
  public static let isAvailable: Bool = (try? SmallDisk(kilobytes: 64)) != nil

  /// Mounts one of so many kilobytes.
  public init(kilobytes: Int) throws {
    scratch = try Scratch()
    path = scratch["disk"]
    guard mkdir(path, 0o755) == 0 else { throw Missing("The directory \(path)") }
    try Self.run(["mount", "-t", "tmpfs", "-o", "size=\(kilobytes)k", "linkworker-test", path])
  }

  // Lazily: a process that a failed test leaves may still hold a file of it.
  deinit { _ = try? RunningProgram.run(["umount", "-l", path]) }

  /// Takes all the room that is left.
  public func fill() throws {
    let descriptor = open(ballast, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw Missing("The file \(ballast): \(String(cString: strerror(errno)))") }
    defer { close(descriptor) }
    let block = [UInt8](repeating: 0, count: 4096)
    while write(descriptor, block, block.count) > 0 {}
    guard errno == ENOSPC else { throw Missing("A full disk: \(String(cString: strerror(errno)))") }
  }

  /// Gives back what `fill` took.
  public func free() { unlink(ballast) }

  /// Makes it read-only, or writable again; nobody may have a file of it open for writing.
  public func remount(writable: Bool) throws {
    try Self.run(["mount", "-o", "remount,\(writable ? "rw" : "ro")", path])
  }

  private var ballast: String { path + "/ballast" }

  private static func run(_ command: [String]) throws {
    let outcome = try RunningProgram.run(command)
    guard outcome.code == 0 else { throw Missing("\(command.joined(separator: " ")): \(outcome.errorText)") }
  }
}
