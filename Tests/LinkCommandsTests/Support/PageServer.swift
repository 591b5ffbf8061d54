import Glibc
import LinkTestSupport

/// A server that answers every connection on a loopback port with the same bytes, whatever is asked.
final class PageServer: Sendable {
  /// Where it listens.
  let port: UInt16
  private let descriptor: Int32
  private let thread: pthread_t

  /// Listens and answers until it goes.
  init(_ answer: String) throws {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let listens = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        bind(descriptor, pointer, size) == 0 && listen(descriptor, 8) == 0
          && getsockname(descriptor, pointer, &size) == 0
      }
    }
    guard listens else { throw Missing("A port to listen on: \(String(cString: strerror(errno)))") }
    self.descriptor = descriptor
    port = UInt16(bigEndian: address.sin_port)
    let service = Unmanaged.passRetained(Service(descriptor: descriptor, answer: Array(answer.utf8)))
    var thread = pthread_t()
    let code = pthread_create(
      &thread, nil,
      { context in
        if let context { Unmanaged<Service>.fromOpaque(context).takeRetainedValue().run() }
        return nil
      }, service.toOpaque())
    guard code == 0 else { throw Missing("A thread: \(String(cString: strerror(code)))") }
    self.thread = thread
  }

  /// Answers nobody any more.
  deinit {
    shutdown(descriptor, Int32(SHUT_RDWR))
    pthread_join(thread, nil)
    close(descriptor)
  }

  /// What its thread does.
  private final class Service {
    let descriptor: Int32
    let answer: [UInt8]

    init(descriptor: Int32, answer: [UInt8]) {
      self.descriptor = descriptor
      self.answer = answer
    }

    func run() {
      while case let connection = accept(descriptor, nil, nil), connection >= 0 {
        var request = [UInt8](repeating: 0, count: 4096)
        if read(connection, &request, request.count) > 0 {
          _ = send(connection, answer, answer.count, Int32(MSG_NOSIGNAL))
        }
        close(connection)
      }
    }
  }
}
