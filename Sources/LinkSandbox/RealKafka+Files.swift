import Glibc

extension RealKafka {
  /// The broker's settings; a later line of a properties file wins, so `extra` stands last.
  static func settings(
    node: Node, port: Int, data: String, extra: [String: String], listeners: [String: Int] = [:], detour: Detour? = nil
  ) -> String {
    let isController = node.number == 1
    let controller = isController ? ",CONTROLLER://127.0.0.1:\(node.controllerPort)" : ""
    let further = listeners.sorted { $0.key < $1.key }.map { ",\($0.key)://127.0.0.1:\($0.value)" }.joined()
    let detours = detour.map { [$0.port, $0.advertised].map { ",DETOUR://127.0.0.1:\($0)" } } ?? ["", ""]
    let own = """
      node.id=\(node.number)
      process.roles=broker\(isController ? ",controller" : "")
      controller.quorum.voters=1@127.0.0.1:\(node.controllerPort)
      listeners=PLAINTEXT://127.0.0.1:\(port)\(controller)\(further)\(detours[0])
      advertised.listeners=PLAINTEXT://127.0.0.1:\(port)\(further)\(detours[1])
      controller.listener.names=CONTROLLER
      listener.security.protocol.map=PLAINTEXT:PLAINTEXT,DETOUR:PLAINTEXT,CONTROLLER:PLAINTEXT,SSL:SSL,SASL_SSL:SASL_SSL,SASL_PLAINTEXT:SASL_PLAINTEXT
      inter.broker.listener.name=PLAINTEXT
      log.dirs=\(data)
      num.partitions=4
      auto.create.topics.enable=false
      offsets.topic.num.partitions=8
      offsets.topic.replication.factor=1
      transaction.state.log.num.partitions=8
      transaction.state.log.replication.factor=1
      transaction.state.log.min.isr=1
      group.initial.rebalance.delay.ms=0
      group.min.session.timeout.ms=1000
      num.network.threads=2
      num.io.threads=4
      log.cleaner.dedupe.buffer.size=16777216
      log.initial.task.delay.ms=1000
      log.retention.check.interval.ms=1000
      log.segment.delete.delay.ms=1000
      log.cleaner.backoff.ms=500
      transaction.abort.timed.out.transaction.cleanup.interval.ms=1000
      broker.heartbeat.interval.ms=500
      broker.session.timeout.ms=3000

      """
    return own + extra.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)\n" }.joined()
  }

  /// Kafka 4 reads log4j2's, Kafka 3 log4j's: both print to standard output from INFO on.
  static func writeLoggingSettings(in directory: String) throws(SandboxFailure) {
    try write(
      """
      status = error
      rootLogger.level = INFO
      rootLogger.appenderRef.a.ref = A
      appender.a.type = Console
      appender.a.name = A
      appender.a.target = SYSTEM_OUT
      appender.a.layout.type = PatternLayout
      appender.a.layout.pattern = [%d] %p %m (%c)%n

      """, to: directory + "/log4j2.properties")
    try write(
      """
      log4j.rootLogger=INFO, A
      log4j.appender.A=org.apache.log4j.ConsoleAppender
      log4j.appender.A.target=System.out
      log4j.appender.A.layout=org.apache.log4j.PatternLayout
      log4j.appender.A.layout.ConversionPattern=[%d] %p %m (%c)%n

      """, to: directory + "/log4j.properties")
  }

  /// A Kafka UUID: 16 random bytes in unpadded base64url, here without a `-`, which a tool would take for an option.
  static func randomClusterID() -> String {
    let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
    return String((0..<21).map { _ in digits[Int.random(in: 0..<digits.count)] }) + "A"
  }

  /// A port that is free now.
  package static func freePort() throws(SandboxFailure) -> Int {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { throw SandboxFailure("open", "a socket", errno: errno) }
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let result = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        bind(descriptor, address, length) == 0 && getsockname(descriptor, address, &length) == 0
      }
    }
    guard result else { throw SandboxFailure("find", "a free port", errno: errno) }
    return Int(UInt16(bigEndian: address.sin_port))
  }

  static func temporaryDirectory() throws(SandboxFailure) -> String {
    let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    var template = Array((parent + "/linkworker-kafka-XXXXXX").utf8CString)
    let made = template.withUnsafeMutableBufferPointer { buffer in
      buffer.baseAddress.flatMap { mkdtemp($0) }.map { String(cString: $0) }
    }
    guard let made else { throw SandboxFailure("make a temporary directory in", parent, errno: errno) }
    return made
  }

  static func port(inSettings path: String) throws(SandboxFailure) -> Int {
    let mark = "advertised.listeners=PLAINTEXT://127.0.0.1:"
    for line in contents(of: path).split(separator: "\n") where line.hasPrefix(mark) {
      if let port = Int(line.dropFirst(mark.count).prefix { $0 != "," }) { return port }
    }
    throw SandboxFailure("read", path, "it names no port", hint: "remove the directory and start afresh")
  }

  static func write(_ text: String, to path: String) throws(SandboxFailure) {
    guard let file = fopen(path, "w") else { throw SandboxFailure("write", path, errno: errno) }
    let written = fputs(text, file)
    guard fclose(file) == 0, written >= 0 else { throw SandboxFailure("write", path, errno: errno) }
  }

  /// What stands in a file; nothing, where it cannot be read.
  static func contents(of path: String) -> String {
    guard let file = fopen(path, "r") else { return "" }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = fread(&chunk, 1, chunk.count, file)
      if count == 0 { return String(decoding: bytes, as: UTF8.self) }
      bytes.append(contentsOf: chunk[..<count])
    }
  }

  /// The last lines of a log without the frames of its stack traces, for an error message.
  static func tail(of path: String) -> String {
    contents(of: path).split(separator: "\n").filter { !$0.hasPrefix("\tat ") }.suffix(12).joined(separator: "\n")
  }
}
