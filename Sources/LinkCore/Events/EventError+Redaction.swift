extension EventError {
  /// A foreign text without secrets: for `detail`, logs and histories. Redact before cutting, for half a secret is not recognised.
  ///
  /// Removed are the given secrets; whatever follows the word `Bearer`; and each run of 40 or more characters of the base64 and base64url
  /// alphabets and dots that has a digit, which is how tokens look that the adapter may have made but nobody here has seen. Control
  /// characters become spaces, so that no terminal or log line obeys them.
  public static func redacted(_ text: String, secrets: [Secret]) -> String {
    var bytes = Array(text.utf8)
    // Longest first: a secret that is part of another must not leave the other's rest behind.
    for secret in secrets.map({ $0.reveal() }).sorted(by: { $0.count > $1.count }) where !secret.isEmpty {
      bytes = replacing(secret, in: bytes)
    }
    let cleaned = removingTokens(from: bytes)
    var scalars = String.UnicodeScalarView()
    for scalar in String(decoding: cleaned, as: UTF8.self).unicodeScalars {
      scalars.append(scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) ? " " : scalar)
    }
    return String(scalars)
  }

  private static let removed = Array("<removed>".utf8)
  private static let tokenLengthMinimum = 40

  private static func replacing(_ secret: [UInt8], in text: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    var index = 0
    while index < text.count {
      if text[index] == secret[0], text[index...].starts(with: secret) {
        result += removed
        index += secret.count
      } else {
        result.append(text[index])
        index += 1
      }
    }
    return result
  }

  /// Goes over the words of the token alphabet.
  private static func removingTokens(from text: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    var followsBearer = false
    var index = 0
    while index < text.count {
      guard isTokenByte(text[index]) else {
        followsBearer = followsBearer && isSeparator(text[index])
        result.append(text[index])
        index += 1
        continue
      }
      let end = text[index...].firstIndex { !isTokenByte($0) } ?? text.count
      let word = text[index..<end]
      let hasDigit = word.contains { (0x30...0x39).contains($0) }
      let isSecret = followsBearer || word.count >= tokenLengthMinimum && hasDigit
      result += isSecret ? removed[...] : word
      followsBearer = word.map { $0 | 0x20 }.elementsEqual("bearer".utf8)
      index = end
    }
    return result
  }

  private static func isTokenByte(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
    case UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "~"), UInt8(ascii: "+"),
      UInt8(ascii: "/"),
      UInt8(ascii: "="):
      true
    default: false
    }
  }

  private static func isSeparator(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x09 || byte == UInt8(ascii: ":") || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'")
  }
}
