/// A PEM file of certificate authorities, checked before the first call would find out.
enum CertificateFile {
  private static let begin = "-----BEGIN CERTIFICATE-----"
  private static let end = "-----END CERTIFICATE-----"

  /// Throws unless the file can be read and holds certificates, each of them whole: base64 of one DER sequence.
  static func check(_ path: String) throws(AdapterClientFailure) {
    func failure(_ problem: String, _ hint: String) -> AdapterClientFailure {
      AdapterClientFailure(
        operation: "read the adapter's certificate authorities", subject: path, problem: problem, hint: hint)
    }
    let file: SmallFile
    do {
      file = try SmallFile.read(path, limit: 4 * 1024 * 1024)
    } catch {
      throw failure(error.problem, error.hint)
    }
    var count = 0
    var base64: [UInt8]?
    for line in file.bytes.split(whereSeparator: { $0 == 0x0A || $0 == 0x0D }) {
      if line.elementsEqual(begin.utf8) {
        guard base64 == nil else { break }
        base64 = []
      } else if line.elementsEqual(end.utf8) {
        guard let text = base64, isSequence(text) else {
          throw failure("certificate \(count + 1) in it is damaged", "copying the certificate again, whole")
        }
        count += 1
        base64 = nil
      } else if base64 != nil {
        base64?.append(contentsOf: line)
      }
    }
    guard base64 == nil else { throw failure("certificate \(count + 1) in it has no end", "copying it again, whole") }
    guard count > 0 else { throw failure("it holds no certificate", "a file in PEM form, with \(begin)") }
  }

  /// Whether base64 `text` holds one DER sequence and nothing else.
  private static func isSequence(_ text: [UInt8]) -> Bool {
    guard let der = decode(text), der.count > 2, der[0] == 0x30 else { return false }
    guard der[1] >= 0x80 else { return der.count == 2 + Int(der[1]) }
    let lengthBytes = Int(der[1] & 0x7F)
    guard (1...3).contains(lengthBytes), der.count > 2 + lengthBytes else { return false }
    let length = der[2..<(2 + lengthBytes)].reduce(0) { $0 << 8 | Int($1) }
    return der.count == 2 + lengthBytes + length
  }

  private static func decode(_ text: [UInt8]) -> [UInt8]? {
    guard text.count % 4 == 0 else { return nil }
    var bytes: [UInt8] = []
    var bits = 0
    var count = 0
    var padding = 0
    for character in text {
      let value: UInt8
      switch character {
      case 0x41...0x5A: value = character - 0x41
      case 0x61...0x7A: value = character - 0x61 + 26
      case 0x30...0x39: value = character - 0x30 + 52
      case 0x2B: value = 62
      case 0x2F: value = 63
      case 0x3D:
        padding += 1
        continue
      default: return nil
      }
      guard padding == 0 else { return nil }
      bits = (bits << 6 | Int(value)) & 0xFFFF
      count += 6
      if count >= 8 {
        count -= 8
        bytes.append(UInt8(truncatingIfNeeded: bits >> count))
      }
    }
    return padding <= 2 ? bytes : nil
  }
}
