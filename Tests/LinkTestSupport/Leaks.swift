import Foundation
public import LinkCore

/// Looks for secrets where none may be.
public struct Leaks {
  private let needles: [Data]

  /// Looks for these tokens by their signatures, for every token of the emulator by what they all begin with, and for the credential.
  public init(tokens: [Secret]) {
    var needles: Set<Data> = [Data(Deployment.credential.utf8)]
    for token in tokens {
      let parts = token.reveal().split(separator: UInt8(ascii: "."))
      needles.formUnion([parts.first, parts.last].compactMap { $0.map { Data($0) } })
    }
    self.needles = Array(needles)
  }

  /// Whether none of them is in the bytes.
  public func areAbsent(from bytes: [UInt8]) -> Bool {
    let data = Data(bytes)
    return needles.allSatisfy { data.range(of: $0) == nil }
  }

  /// Whether none of them is in these records: their keys, values and headers.
  public func areAbsent(from records: [SourceRecord]) -> Bool {
    var bytes: [UInt8] = []
    for record in records {
      bytes += record.key ?? []
      bytes += record.value ?? []
      for header in record.headers { bytes += header.name + (header.value ?? []) }
    }
    return areAbsent(from: bytes)
  }
}
