import Glibc

/// A calendar that a test sets while a program runs: libfaketime, which leaves the clock alone that never jumps, as the kernel does.
public final class FakeClock: Sendable {
  private let scratch: Scratch
  private let library: String

  /// The library, where the package `faketime` is installed.
  private static let installed: String? = {
    let folders = [
      "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib", "/usr/local/lib",
    ]
    return folders.map { $0 + "/faketime/libfaketimeMT.so.1" }.first { access($0, R_OK) == 0 }
  }()

  /// Whether libfaketime is there.
  public static let isAvailable = installed != nil

  /// A calendar that says what the machine's says.
  public init() throws {
    guard let installed = Self.installed else { throw Missing("libfaketime") }
    library = installed
    scratch = try Scratch()
    try set(days: 0)
  }

  /// What a program's environment has to have.
  public var environment: [String: String] {
    [
      "LD_PRELOAD": library, "FAKETIME_TIMESTAMP_FILE": scratch["offset"], "FAKETIME_NO_CACHE": "1",
      "FAKETIME_DONT_FAKE_MONOTONIC": "1", "FAKETIME_DONT_RESET": "1",
    ]
  }

  /// Sets the calendar so many days before (negative) or after the machine's.
  public func set(days: Int) throws { try scratch.write("offset", "\(days < 0 ? "" : "+")\(days)d\n") }
}
