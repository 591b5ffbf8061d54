import LinkCore

/// What can stand for the value of an option or for an operand. Its name in the help says it, so that the help and the completion agree.
enum ValueKind: Hashable, Sendable {
  /// `FILE`, and `FILE|-` where a lone dash stands for standard input: a path.
  case file
  /// `DIR`: the path of a directory.
  case directory
  /// `a|b|c`, or `a` alone: one of these words; `REASON`: one of a dead letter's reasons, which are too many for a line.
  case words([String])
  /// `NAME=VALUE`: a setting.
  case setting
  /// `SETTING`: the name of a setting.
  case settingName
  /// `CLASS=RATE[,…]`: error classes of the adapter emulator with their rates.
  case errorRates
  /// Anything else: only the user knows.
  case free

  /// What a name in the help means.
  init(named name: String) {
    let parts = name.split(separator: "|", omittingEmptySubsequences: false)
    switch name {
    case "FILE", "FILE|-": self = .file
    case "DIR": self = .directory
    case "NAME=VALUE": self = .setting
    case "SETTING": self = .settingName
    case "CLASS=RATE[,…]": self = .errorRates
    case "REASON": self = .words(Malformation.Reason.allCases.map(\.rawValue))
    case _ where parts.allSatisfy(Self.isWord): self = .words(parts.map(String.init))
    default: self = .free
    }
  }

  /// A word to be typed as it stands; what is in capitals stands for something.
  private static func isWord(_ text: Substring) -> Bool {
    let marks = "-_".utf8
    return !text.isEmpty && text.utf8.allSatisfy { 0x61...0x7A ~= $0 || 0x30...0x39 ~= $0 || marks.contains($0) }
      && text != "-"
  }
}
