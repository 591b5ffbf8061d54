extension String {
  /// The columns of a terminal that the text takes: two for East Asian wide letters and pictures, none for marks that
  /// stand on another letter.
  var columnCount: Int { unicodeScalars.reduce(0) { $0 + $1.columnCount } }

  /// The longest beginning that takes at most so many columns.
  func prefix(columns limit: Int) -> String {
    var rest = limit
    var scalars = UnicodeScalarView()
    for scalar in unicodeScalars {
      rest -= scalar.columnCount
      if rest < 0 { break }
      scalars.append(scalar)
    }
    return String(scalars)
  }

  /// Foreign text without what would steer a terminal, in at most so many characters.
  func plain(limit: Int) -> String {
    let plain = unicodeScalars.prefix(limit).map { scalar in
      switch scalar.properties.generalCategory {
      case .control, .lineSeparator, .paragraphSeparator, .format: "?"
      default: String(scalar)
      }
    }
    return plain.joined() + (unicodeScalars.count > limit ? "…" : "")
  }
}

extension Unicode.Scalar {
  /// 0, 1 or 2, after Unicode's East Asian Width as terminals have it.
  fileprivate var columnCount: Int {
    switch properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .format: return 0
    default: break
    }
    switch value {
    case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xA960...0xA97C, 0xAC00...0xD7A3, 0xF900...0xFAFF,
      0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F900...0x1F9FF, 0x20000...0x3FFFD:
      return 2
    default: return 1
    }
  }
}
