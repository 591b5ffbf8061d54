package import Glibc
import Synchronization

/// A process of ours, in a process group of its own, that does not outlive this one.
///
/// A watcher (`/bin/sh`) reads a pipe whose other end only this process holds: when this process ends, however it ends, the
/// watcher kills the child and removes what it is told to remove. (`PR_SET_PDEATHSIG` would fire when the spawning *thread* ends.)
package final class ChildProcess: Sendable {
  /// Its process id.
  package let id: pid_t
  private let end = Mutex<End?>(nil)
  private let watcher: pid_t
  private let lifeline: Int32

  /// How a process ended.
  package enum End: Equatable, Sendable {
    /// By itself, with this code.
    case exited(Int32)
    /// By this signal.
    case killed(Int32)

    fileprivate init(waitStatus: Int32) {
      self = waitStatus & 0x7F == 0 ? .exited(waitStatus >> 8 & 0xFF) : .killed(waitStatus & 0x7F)
    }
  }

  /// Starts `arguments` with nothing to read on standard input, and appends its output to the file `output`, its errors to `errors` (or to
  /// `output` as well).
  package init(_ arguments: [String], output: String, errors: String? = nil, removeAfterwards: String? = nil)
    throws(SandboxFailure)
  {
    id = try Self.spawn(arguments, input: nil, output: output, errors: errors)
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else {
      kill(id, SIGKILL)
      throw SandboxFailure("make a pipe", "for the watcher of \(arguments[0])", errno: errno)
    }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    lifeline = ends[1]
    // It may write a little longer, and nobody may be there to collect it: so the removal is tried more than once, but not for ever.
    let script = """
      read _; kill -KILL "$1" 2>/dev/null; [ -n "$2" ] || exit 0
      for _ in 1 2 3 4 5 6 7 8 9 10; do rm -rf "$2" 2>/dev/null && [ ! -e "$2" ] && exit 0; sleep 0.2; done
      """
    do {
      watcher = try Self.spawn(
        ["/bin/sh", "-c", script, "sh", String(id), removeAfterwards ?? ""], input: ends[0], output: "/dev/null")
      Glibc.close(ends[0])
    } catch {
      kill(id, SIGKILL)
      Glibc.close(ends[0])
      Glibc.close(ends[1])
      throw error
    }
  }

  deinit { terminate(within: 0) }

  /// Sends a signal, unless the process has ended.
  package func signal(_ number: Int32) {
    end.withLock { if $0 == nil { kill(id, number) } }
  }

  /// Whether it has ended; collects it if so.
  package func hasEnded() -> Bool { howItEnded() != nil }

  /// How it ended, or nil while it runs; collects it when it has.
  package func howItEnded() -> End? {
    end.withLock { end in
      var status: Int32 = 0
      if end == nil, waitpid(id, &status, WNOHANG) == id {
        end = End(waitStatus: status)
        dismissWatcher()
      }
      return end
    }
  }

  /// Asks it to end, waits so many milliseconds, then kills it, and waits for its end.
  package func terminate(within milliseconds: Int) {
    signal(SIGCONT)
    signal(SIGTERM)
    for _ in 0..<(milliseconds / 10) where !hasEnded() { usleep(10_000) }
    signal(SIGKILL)
    while !hasEnded() { usleep(1_000) }
  }

  /// The watcher must go before the process id can be given to somebody else's process.
  private func dismissWatcher() {
    kill(watcher, SIGKILL)
    waitpid(watcher, nil, 0)
    Glibc.close(lifeline)
  }

  static func spawn(_ arguments: [String], input: Int32?, output: String, errors: String? = nil)
    throws(SandboxFailure) -> pid_t
  {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    if let input {
      posix_spawn_file_actions_adddup2(&actions, input, 0)
    } else {
      posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    }
    posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_APPEND, 0o644)
    if let errors {
      posix_spawn_file_actions_addopen(&actions, 2, errors, O_WRONLY | O_CREAT | O_APPEND, 0o644)
    } else {
      posix_spawn_file_actions_adddup2(&actions, 1, 2)
    }

    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    var all = sigset_t()
    sigfillset(&all)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    posix_spawnattr_setpgroup(&attributes, 0)
    posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

    var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
    defer { for word in words { free(word) } }
    var id: pid_t = 0
    let result = posix_spawnp(&id, arguments[0], &actions, &attributes, &words, environ)
    guard result == 0 else { throw SandboxFailure("start", arguments[0], errno: result) }
    return id
  }
}
