#if FAILPOINTS
  import Glibc
  import Synchronization

  /// What is to happen at which failpoint, and how often each was reached.
  final class FailpointRules: Sendable {
    /// One rule of `LINK_FAILPOINTS`.
    struct Rule: Equatable, Sendable {
      var point: Failpoint
      /// When it applies: at the how many-th time that its place is reached, from 1 on.
      var count: Int
      var action: Action
    }

    /// What a rule does.
    enum Action: Equatable, Sendable {
      case kill
      case stop
      case wait(milliseconds: UInt32)
    }

    /// The rules of this process's environment. Rules that cannot be read end the process with 64: a test that meant something else proves nothing.
    static let ofTheProcess: FailpointRules = {
      guard let text = getenv("LINK_FAILPOINTS").map({ String(cString: $0) }) else { return FailpointRules([]) }
      guard let rules = parse(text) else {
        let message = "linkworker: LINK_FAILPOINTS is not a list of NAME:ACTION[@N]: \(text)\n"
        _ = message.withCString { write(STDERR_FILENO, $0, strlen($0)) }
        _exit(64)
      }
      return FailpointRules(rules)
    }()

    private let rules: [Rule]
    private let counts = Mutex<[Failpoint: Int]>([:])

    init(_ rules: [Rule]) { self.rules = rules }

    /// The rules that a text has, or nil where it cannot be read.
    static func parse(_ text: String) -> [Rule]? {
      var rules: [Rule] = []
      for word in text.split(separator: ",") {
        let parts = word.split(separator: ":", maxSplits: 1)
        guard parts.count == 2, let point = Failpoint(rawValue: String(parts[0])) else { return nil }
        let halves = parts[1].split(separator: "@", maxSplits: 1)
        guard let action = halves.first.flatMap({ Action($0) }) else { return nil }
        guard let count = halves.count == 2 ? Int(halves[1]) : 1, count >= 1 else { return nil }
        rules.append(Rule(point: point, count: count, action: action))
      }
      return rules
    }

    func reach(_ point: Failpoint) {
      guard !rules.isEmpty else { return }
      let count = counts.withLock { counts in
        counts[point, default: 0] += 1
        return counts[point, default: 0]
      }
      for rule in rules where rule.point == point && rule.count == count {
        switch rule.action {
        case .kill: kill(getpid(), SIGKILL)
        // To this thread itself: sent to the process, another thread may take it, and this one goes on for a while.
        case .stop: raise(SIGSTOP)
        case .wait(let milliseconds):
          tell(point)
          usleep(milliseconds * 1000)
        }
      }
    }

    /// Says where a thread waits, among the lines of the log: a test must know when it does.
    private func tell(_ point: Failpoint) {
      let line = "{\"level\":\"info\",\"event\":\"failpoint.waits\",\"failpoint\":\"\(point.rawValue)\"}\n"
      _ = line.withCString { write(STDERR_FILENO, $0, strlen($0)) }
    }
  }

  extension FailpointRules.Action {
    fileprivate init?(_ text: Substring) {
      switch text {
      case "kill": self = .kill
      case "stop": self = .stop
      default:
        guard text.hasPrefix("wait="), let milliseconds = UInt32(text.dropFirst(5)), milliseconds <= 600_000 else {
          return nil
        }
        self = .wait(milliseconds: milliseconds)
      }
    }
  }
#endif
