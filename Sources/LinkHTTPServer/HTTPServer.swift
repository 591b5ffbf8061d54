import Glibc
import Synchronization

/// A small HTTP server, on one thread, whose answers may be late, broken or endless.
package final class HTTPServer: Sendable {
  /// The port that it listens on.
  package let port: UInt16
  private let ending: Mutex<Ending?>

  /// What it takes to end the server: its thread, and the end of a pipe that tells it.
  private struct Ending {
    var thread: pthread_t
    var bell: Int32
  }

  /// Listens and serves: `respond` is called for each whole request on the server's thread, which it must not hold. Where `accepts` says no to
  /// a path, the connection is closed as soon as the head of the request is there.
  ///
  /// - Parameters:
  ///   - connectionLimit: Connections at once. Those beyond wait until one is closed.
  ///   - idleTimeout: Seconds after which an idle connection is closed.
  ///   - dropsOldest: At the limit, whether the oldest connection is closed for the sake of a new one: nobody can lock others out then.
  package init(
    address: String, port: UInt16, tls: (certificate: [UInt8], key: [UInt8])?, connectionLimit: Int,
    idleTimeout: Int = 120, dropsOldest: Bool = false,
    accepts: @escaping @Sendable (_ path: String) -> Bool = { _ in true },
    bodyLimit: @escaping @Sendable (_ path: String) -> Int, respond: @escaping @Sendable (HTTPRequest) -> HTTPReply
  ) throws(HTTPServerFailure) {
    let socket = try ListeningSocket(address: address, port: port)
    let subject = "\(address) port \(socket.port)"
    guard
      let daemon = HTTPDaemon(
        listeningSocket: socket.descriptor, tls: tls, connectionLimit: connectionLimit, idleTimeout: idleTimeout,
        dropsOldest: dropsOldest, accepts: accepts, bodyLimit: bodyLimit, respond: respond)
    else {
      close(socket.descriptor)
      throw HTTPServerFailure(
        "serve HTTP", subject, "libmicrohttpd does not start",
        hint: tls == nil ? "freeing memory and file descriptors" : "a PEM certificate and the key that belongs to it")
    }
    var bell: [Int32] = [-1, -1]
    var thread = pthread_t()
    let hasBell = pipe(&bell) == 0 && bell.allSatisfy { fcntl($0, F_SETFD, FD_CLOEXEC) == 0 }
    guard hasBell, Self.start(Run(daemon: daemon, bell: bell[0]), &thread) else {
      for end in bell where end >= 0 { close(end) }
      throw HTTPServerFailure(
        "serve HTTP", subject, "the system gives no thread or no pipe",
        hint: "raising the limits of threads and file descriptors")
    }
    self.port = socket.port
    ending = Mutex(Ending(thread: thread, bell: bell[1]))
  }

  deinit { stop() }

  /// Answers what is held, closes every connection and ends the thread. Harmless when repeated.
  package func stop() {
    let ending = self.ending.withLock { ending in
      defer { ending = nil }
      return ending
    }
    guard let ending else { return }
    // Not by closing alone: a process that was started between the pipe's making and its flag would hold the other end.
    _ = write(ending.bell, [1], 1)
    close(ending.bell)
    pthread_join(ending.thread, nil)
  }

  private static func start(_ run: Run, _ thread: inout pthread_t) -> Bool {
    let owned = Unmanaged.passRetained(run)
    let code = pthread_create(
      &thread, nil,
      { context in
        if let context {
          let run = Unmanaged<Run>.fromOpaque(context).takeRetainedValue()
          run.daemon.serve(until: run.bell)
          close(run.bell)
        }
        return nil
      }, owned.toOpaque())
    if code != 0 { owned.release() }
    return code == 0
  }

  private final class Run: Sendable {
    let daemon: HTTPDaemon
    let bell: Int32

    init(daemon: HTTPDaemon, bell: Int32) {
      self.daemon = daemon
      self.bell = bell
    }
  }
}
