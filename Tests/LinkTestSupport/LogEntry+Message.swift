public import LinkCore

extension LogEntry {
  /// Its sentence.
  public var message: String { json["message"]?.text?.string ?? "" }

  /// When it was written; nil where its time cannot be read.
  public var time: Timestamp? { json["time"]?.text.flatMap { Timestamp(rfc3339: $0.utf8) } }
}
