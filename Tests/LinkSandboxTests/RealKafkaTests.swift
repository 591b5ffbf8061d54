import Glibc
import LinkSandbox
import Testing

@Suite(.enabled(if: RealKafka.homeFromEnvironment != nil, "KAFKA_HOME is not set"))
struct RealKafkaTests {
  @Test("A broker serves on its port, keeps its port and data over a kill, and leaves nothing behind")
  func lives() throws {
    let directory: String
    do {
      let kafka = try RealKafka(home: try #require(RealKafka.homeFromEnvironment))
      directory = kafka.directory
      #expect(accepts(kafka.bootstrap))
      kafka.kill()
      #expect(!accepts(kafka.bootstrap))
      try kafka.start()
      #expect(accepts(kafka.bootstrap))
      kafka.stop()
      #expect(access(directory + "/data/meta.properties", F_OK) == 0)
    }
    #expect(access(directory, F_OK) != 0)
  }

  @Test("A setting that the broker refuses is told with the end of its log")
  func badSetting() throws {
    let failure = #expect(throws: SandboxFailure.self) {
      try RealKafka(home: try #require(RealKafka.homeFromEnvironment), extra: ["offsets.topic.num.partitions": "none"])
    }
    #expect(failure?.description.contains("offsets.topic.num.partitions") == true)
  }

  @Test("A folder without jars is told with what KAFKA_HOME must hold")
  func badHome() throws {
    let failure = #expect(throws: SandboxFailure.self) { try RealKafka(home: "/nowhere") }
    #expect(failure?.hint?.contains("KAFKA_HOME") == true)
  }

  private func accepts(_ bootstrap: String) -> Bool {
    guard let port = bootstrap.split(separator: ":").last.flatMap({ UInt16($0) }) else { return false }
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    return withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
  }
}
