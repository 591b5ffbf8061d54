import Glibc
import LinkCore

/// Where the emulator's chances come from: a seed, a user and the number of that user's call, and nothing else.
///
/// So the same seed and the same order of each user's calls give the same answers, however the calls of different users overlap.
struct EmulatorDice: Sendable {
  let seed: UInt64

  /// What a number is thrown for: one use tells nothing of another.
  enum Purpose: UInt64 {
    case user, failure, garbage, latency
  }

  /// The numbers of one call. Calls of a user count from 1; 0 stands for the user itself.
  func numbers(_ purpose: Purpose, ofUser userId: Int64, call: Int = 0) -> SeededRandom {
    var first = SeededRandom(seed: seed)
    var second = SeededRandom(seed: first.next() ^ UInt64(bitPattern: userId))
    return SeededRandom(seed: second.next() ^ UInt64(bitPattern: Int64(call)) ^ purpose.rawValue << 56)
  }
}

extension SeededRandom {
  /// A number from 0 to below 1, each as likely as the other.
  mutating func unit() -> Double { Double(next() >> 11) / Double(1 << 53) }

  /// A number of the standard normal distribution (Box and Muller).
  mutating func normal() -> Double {
    // From above 0 to 1, for the logarithm's sake.
    let radius = sqrt(-2 * log(1 - unit()))
    return radius * cos(2 * Double.pi * unit())
  }
}
