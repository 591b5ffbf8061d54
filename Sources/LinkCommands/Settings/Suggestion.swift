/// The known name that an unknown one was probably meant to be.
enum Suggestion {
  /// The nearest of `candidates`, or nil when none is near: at most a third of the letters, and no more than four, may differ.
  /// Case and the separators `.`, `-` and `_` do not count.
  static func nearest(to name: String, among candidates: some Sequence<String>) -> String? {
    let wanted = normalised(name)
    guard wanted.count <= 256 else { return nil }
    var best: (name: String, distance: Int)?
    for candidate in candidates {
      let letters = normalised(candidate)
      let limit = min(4, max(1, max(wanted.count, letters.count) / 3))
      guard abs(letters.count - wanted.count) <= limit else { continue }
      let distance = distance(wanted, letters)
      if distance <= limit, distance < best?.distance ?? .max { best = (candidate, distance) }
    }
    return best?.name
  }

  /// The reason and the hint for a name that is unknown: with the nearest one where there is one, else with `otherwise`.
  static func unknown(
    _ reason: String, _ name: String, among candidates: some Sequence<String>, otherwise: String
  ) -> (reason: String, hint: String) {
    guard let nearest = nearest(to: name, among: candidates) else { return (reason, otherwise) }
    return ("\(reason); did you mean \(nearest)?", nearest)
  }

  private static func normalised(_ name: String) -> [UInt8] {
    name.lowercased().utf8.map { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") ? UInt8(ascii: ".") : $0 }
  }

  /// Letters to insert, delete, replace or swap with their neighbour (optimal string alignment).
  private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
    var beforeLast: [Int] = []
    var last = Array(0...right.count)
    for i in left.indices {
      var row = [i + 1]
      for j in right.indices {
        var cost = min(last[j + 1] + 1, row[j] + 1, last[j] + (left[i] == right[j] ? 0 : 1))
        if i > 0, j > 0, left[i] == right[j - 1], left[i - 1] == right[j] { cost = min(cost, beforeLast[j - 1] + 1) }
        row.append(cost)
      }
      (beforeLast, last) = (last, row)
    }
    return last[right.count]
  }
}
