import Glibc

/// The sockets of a server's connections, oldest first. Confined to the server's thread.
final class ConnectionCrowd {
  /// How many may be there beyond the limit, until the loop has closed them.
  static let margin = 16

  private let limit: Int
  private var sockets: [Int32] = []

  init(limit: Int) { self.limit = limit }

  /// Another one is there; the oldest goes where that is one too many.
  func enter(_ socket: Int32) {
    guard socket >= 0 else { return }
    sockets.append(socket)
    guard sockets.count > limit else { return }
    // libmicrohttpd reads the end of the connection, and closes it: the descriptor is its own.
    shutdown(sockets.removeFirst(), Int32(SHUT_RDWR))
  }

  /// It is about to be closed, and its number may be another's then.
  func leave(_ socket: Int32) { sockets.removeAll { $0 == socket } }
}
