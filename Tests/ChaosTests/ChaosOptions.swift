import Glibc
import LinkTestSupport

/// How long the campaigns last, and by which seed they choose: what `make chaos` was told, else so little that it fits into every change's tests.
struct ChaosOptions {
  /// How long each campaign may go on, in seconds; nil: as short as it proves something.
  let seconds: Double?
  /// What the campaigns choose by.
  let seed: UInt64

  /// What the environment says: `CHAOS_MINUTES` and `CHAOS_SEED`.
  static var fromEnvironment: ChaosOptions {
    get throws {
      let minutes = try value("CHAOS_MINUTES").map { text in
        guard let minutes = Double(text), minutes > 0 else {
          throw Missing("A number of minutes: CHAOS_MINUTES is \(text)")
        }
        return minutes
      }
      let seed = try value("CHAOS_SEED").map { text in
        guard let seed = UInt64(text) else { throw Missing("A seed: CHAOS_SEED is \(text)") }
        return seed
      }
      return ChaosOptions(seconds: minutes.map { $0 * 60 }, seed: seed ?? 1)
    }
  }

  private static func value(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
  }
}
