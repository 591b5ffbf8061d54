import Glibc
import LinkOps

/// How many files, sockets and pipes the process may have open at once: each call is a connection, each broker a few.
struct DescriptorLimit {
  /// What a worker with so many calls at once may come to need: 64 connections of the admin address, and 192 for clients of Kafka's, store,
  /// pipes and files, which leaves room for 20 brokers.
  let need: rlim_t

  /// Fewer than these a worker cannot begin with.
  static let least: rlim_t = 128

  /// For so many calls at once.
  init(concurrency: Int) { need = 256 + rlim_t(clamping: concurrency) }

  /// Raises the process's own limit as far as it is allowed to, where it is too low. Throws where a worker could not even start: it would stand
  /// there, and nobody could tell why. Where it could, a warning says what may be lacking.
  func ensure(_ log: Log) throws(CommandFailure) {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0, limit.rlim_cur < need else { return }
    limit.rlim_cur = min(need, limit.rlim_max)
    // Below the hard limit it is ours to raise; where that fails all the same, what follows says so.
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    let hint = "raise the limit of open files to \(need) or more: ulimit -n, or LimitNOFILE= of the service"
    let problem = "the process may have \(limit.rlim_cur) open"
    guard limit.rlim_cur >= Self.least else {
      throw CommandFailure(.config, .init("run", "file descriptors", problem, hint: hint))
    }
    if limit.rlim_cur < need {
      log.warning("process.descriptors", "Of file descriptors \(problem): that may not suffice. Try: \(hint)")
    }
  }
}
