import LinkHTTPServer

extension AdapterEmulator {
  /// What its control API offers, a line for each method and path, for people.
  public static var controlGuide: [String] { EmulatorControl.guide }
}

extension EmulatorControl {
  /// One row for each method and path below `/_emulator/`.
  static let guide: [String] = {
    let rows: [(method: String, path: String, meaning: String)] = [
      ("GET", "", "this list"),
      ("GET", "stats", "what was counted; status 0 counts withheld answers"),
      ("GET", "calls", "one line of JSON for each user, by id"),
      ("GET", "users/ID", "one user, with the bodies received in base64; 404 where it never called"),
      ("GET", "bodies", "all bodies received, in the order of their coming"),
      ("PUT", "users", #"rules, one JSON object a line, all or none: {"userId":4711,"failFirst":2,"status":503}"#),
      ("GET", "rates", "how often users without a rule meet which error"),
      ("PUT", "rates", #"other rates: {"5xx":0.1,"429":0.05,"retryAfter":"2"}"#),
      ("GET", "outage", "whether there is an outage, and its kind"),
      ("PUT", "outage", "on (503), off, hang, cut, refuse, or a status from 500 to 599"),
      ("PUT", "credential", "ask for the credential in the body from now on"),
      ("POST", "verify", "the claims of the token in the body; 400 where it is not good (any more)"),
      ("POST", "reset", "forget counts, bodies, rules and rates, end an outage"),
    ]
    return rows.map { row in
      "\(padded(row.method, 4)) \(padded(row.path, 10))  \(row.meaning)"
    }
  }()

  /// `GET /_emulator/`
  static var index: HTTPReply {
    let text = guide.map { $0 + "\n" }.joined()
    return HTTPReply(
      form: .whole(status: 200, headers: [("Content-Type", "text/plain; charset=utf-8")], body: Array(text.utf8)))
  }

  private static func padded(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }
}
