import LinkCore

/// One line of the log before it is written.
struct LogLine {
  var level: LogLevel
  var event: String
  var message: String
  var fields: LogFields

  /// The names that a line has of itself: a field of the same name would make it ambiguous JSON.
  static let ownNames: Set<String> = ["time", "level", "event", "message"]

  /// Appends the line with its newline, in `format`; `time` is RFC 3339 already.
  func encode(as format: LogFormat, time: [UInt8], into buffer: inout [UInt8]) {
    assert(fields.pairs.allSatisfy { !Self.ownNames.contains($0.name) }, "a log field has a name of the line's own")
    switch format {
    case .json: encodeJSON(time: time, into: &buffer)
    case .text: encodeText(time: time, into: &buffer)
    }
    buffer.append(UInt8(ascii: "\n"))
  }

  private func encodeJSON(time: [UInt8], into buffer: inout [UInt8]) {
    buffer += #"{"time":""#.utf8
    buffer += time
    buffer += #"","level":""#.utf8
    buffer += level.rawValue.utf8
    buffer += #"","event":"#.utf8
    LogText.appendQuoted(event, to: &buffer)
    buffer += #","message":"#.utf8
    LogText.appendQuoted(message, to: &buffer)
    fields.encode(to: &buffer)
    buffer.append(UInt8(ascii: "}"))
  }

  private func encodeText(time: [UInt8], into buffer: inout [UInt8]) {
    buffer += time
    switch level {
    case .error: buffer += " ERROR   ".utf8
    case .warning: buffer += " WARNING ".utf8
    case .info: buffer += " INFO    ".utf8
    case .debug: buffer += " DEBUG   ".utf8
    }
    LogText.append(event, to: &buffer)
    buffer += ": ".utf8
    LogText.append(message, to: &buffer)
    for (name, value) in fields.pairs {
      buffer.append(UInt8(ascii: " "))
      LogText.append(name, to: &buffer)
      buffer.append(UInt8(ascii: "="))
      if case .string(let text) = value, LogText.isWord(text) {
        LogText.append(text, to: &buffer)
      } else {
        value.encode(to: &buffer)
      }
    }
  }
}

extension LogValue {
  /// Appends the value as JSON.
  func encode(to buffer: inout [UInt8]) {
    switch self {
    case .string(let text): LogText.appendQuoted(text, to: &buffer)
    case .integer(let number): LogText.append(number, to: &buffer)
    case .double(let number) where number.isFinite: buffer += number.description.utf8
    case .double(let number): LogText.appendQuoted(number.description, to: &buffer)
    case .bool(let flag): buffer += (flag ? "true" : "false").utf8
    case .list(let values):
      buffer.append(UInt8(ascii: "["))
      for (index, value) in values.enumerated() {
        if index > 0 { buffer.append(UInt8(ascii: ",")) }
        value.encode(to: &buffer)
      }
      buffer.append(UInt8(ascii: "]"))
    }
  }
}
