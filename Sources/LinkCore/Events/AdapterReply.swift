/// What the body of a whole answer of the adapter says, whatever its status.
public enum AdapterReply: Hashable, Sendable {
  /// `s` is `ok` and `d` a non-empty string: the token.
  case ok(token: Secret)
  /// `s` is `error`; `errmsg` where it is a string. It is the adapter's own text and may repeat a secret: redact it before it goes anywhere.
  case error(errmsg: String?)
  /// Anything else: not JSON, no `s`, `ok` without `d`.
  case unreadable

  /// Reads a body: JSON as strict as an event's, at most 32 levels deep; other fields are ignored.
  public static func parse(_ body: Secret) -> AdapterReply {
    guard let answer = try? JSONValue(parsing: body.reveal()) else { return .unreadable }
    switch answer["s"]?.text {
    case "ok"?:
      guard let token = answer["d"]?.text, !token.utf8.isEmpty else { return .unreadable }
      return .ok(token: Secret(token.utf8))
    case "error"?: return .error(errmsg: answer["errmsg"]?.text?.string)
    default: return .unreadable
    }
  }
}
