import Glibc

/// Removes a directory when this process ends in a way in which it cannot do so itself, SIGKILL among them.
///
/// A watcher (`/bin/sh`) reads a pipe whose other end only this process holds, as with `ChildProcess`.
package final class DirectoryKeeper: Sendable {
  private let watcher: pid_t
  private let lifeline: Int32

  /// Watches over the directory from now on.
  package init(_ path: String) throws(SandboxFailure) {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw SandboxFailure("make a pipe", "for the watcher of \(path)", errno: errno) }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    defer { close(ends[0]) }
    do {
      watcher = try ChildProcess.spawn(
        ["/bin/sh", "-c", #"read _; rm -rf "$1""#, "sh", path], input: ends[0], output: "/dev/null")
    } catch {
      close(ends[1])
      throw error
    }
    lifeline = ends[1]
  }

  /// Lets the directory be: this process removes it, or has done so.
  deinit {
    kill(watcher, SIGKILL)
    waitpid(watcher, nil, 0)
    close(lifeline)
  }
}
