import LinkTestSupport

/// A connection to a broker on which a test says exactly what it wants to: stale epochs, ends that come late, members that have left.
final class KafkaConnection {
  private let socket: LoopbackSocket
  private var correlation: Int32 = 0

  /// Connects to `127.0.0.1:PORT`.
  init(bootstrap: String) throws {
    guard let port = bootstrap.split(separator: ":").last.flatMap({ UInt16($0) }) else {
      throw Missing("A port in \(bootstrap)")
    }
    socket = try LoopbackSocket(port: port)
  }

  /// Sends a request and reads its answer.
  func ask(_ api: KafkaAPI, _ body: (inout WireWriter) -> Void) throws -> WireReader {
    try send(api, body)
    return try receive(api)
  }

  /// Sends a request whose answer may take long: it is read with `receive`.
  func send(_ api: KafkaAPI, _ body: (inout WireWriter) -> Void) throws {
    correlation += 1
    var head = WireWriter()
    head.integer(api.rawValue)
    head.integer(api.version)
    head.integer(correlation)
    head.string("differential")
    if api.isCompact { head.raw([0]) }
    var writer = WireWriter(isCompact: api.isCompact)
    body(&writer)
    var frame = WireWriter()
    frame.integer(Int32(head.bytes.count + writer.bytes.count))
    guard socket.write(frame.bytes + head.bytes + writer.bytes) else { throw Missing("A broker that reads \(api)") }
  }

  /// Reads the answer to the last request.
  func receive(_ api: KafkaAPI) throws -> WireReader {
    var length = WireReader(try read(4)[...])
    var reader = WireReader(try read(Int(length.integer(Int32.self)))[...], isCompact: api.isCompact)
    let answered: Int32 = try reader.integer()
    guard answered == correlation else { throw Missing("The answer \(correlation) to \(api), not \(answered)") }
    try reader.tags()
    return reader
  }

  private func read(_ count: Int) throws -> [UInt8] {
    let bytes = socket.read(count)
    guard bytes.count == count else { throw Missing("\(count) bytes of an answer; \(bytes.count) came") }
    return bytes
  }

  /// Whether an answer has begun to come.
  var hasAnswer: Bool { socket.hasInput }
}
