import LinkCore
import LinkTestSupport

extension LogEntry {
  /// Its sentence.
  var message: String { json["message"]?.text?.string ?? "" }

  /// When it was written; nil where its time cannot be read.
  var time: Timestamp? { json["time"]?.text.flatMap { Timestamp(rfc3339: $0.utf8) } }
}
