import LinkTestSupport
import Testing

/// The proxy between a client and a server that say exactly what these tests write.
@Suite(.serialized) struct ProxyTests {
  @Test("What goes in at one side comes out at the other, byte for byte", arguments: [false, true])
  func passesOn(_ isKafka: Bool) throws {
    let bench = try Bench(isKafka ? .kafka : .anything)
    let requests = (0..<200).flatMap { message(.fetch, Int32($0), padding: $0 * 20) }
    let answers = (0..<200).flatMap { answer(Int32($0), padding: $0 * 30) }
    #expect(bench.client.write(requests))
    #expect(bench.server.read(requests.count) == requests)
    // In pieces that end anywhere.
    var rest = answers[...]
    while !rest.isEmpty {
      #expect(bench.server.write(Array(rest.prefix(997))))
      rest = rest.dropFirst(997)
    }
    #expect(bench.client.read(answers.count) == answers)
    #expect(bench.proxy.requestCount(.fetch) == (isKafka ? 200 : 0))
  }

  @Test("What a side has said before it closed still comes, and then the end")
  func closes() throws {
    let bench = try Bench(.kafka)
    bench.client.write(message(.fetch, 1))
    #expect(bench.server.read(16) == message(.fetch, 1))
    bench.server.write(answer(1))
    bench.server.shutDown()
    #expect(bench.client.readToEnd() == answer(1))
    try awaiting("No connection") { bench.proxy.connectionCount == 0 }
  }

  @Test("A rule hits the requests that it names, as often as it says, and no other")
  func hitsExactly() throws {
    let bench = try Bench(.kafka)
    let id = bench.proxy.add(ProxyRule(.heartbeat, .request, .drop, skipped: 1, count: 2))
    for number in 0..<5 {
      bench.client.write(message(.fetch, Int32(number)) + message(.heartbeat, Int32(10 + number)))
    }
    let places: [(KafkaAPI, Int32)] = [
      (.fetch, 0), (.heartbeat, 10), (.fetch, 1), (.fetch, 2), (.fetch, 3), (.heartbeat, 13),
    ]
    let expected = places.flatMap { message($0.0, $0.1) }
    #expect(bench.server.read(expected.count) == expected)
    #expect(bench.proxy.hits(of: id) == 2)
    try bench.proxy.awaitHits(of: id)
    bench.proxy.remove(bench.proxy.add(ProxyRule(.heartbeat, .request, .drop)))
    bench.client.write(message(.heartbeat, 99))
    #expect(bench.server.read(48).suffix(16) == message(.heartbeat, 99), "a rule that was taken back hits nothing")
  }

  @Test("An answer that is dropped never comes; with the connection closed, the client sees its end")
  func dropsAnswers() throws {
    let bench = try Bench(.kafka)
    bench.proxy.add(ProxyRule(.fetch, .answer, .drop))
    bench.proxy.add(ProxyRule(.heartbeat, .answer, .drop, closes: true))
    try bench.exchange([message(.fetch, 1), message(.fetch, 2)])
    bench.server.write(answer(1) + answer(2))
    #expect(bench.client.read(14) == answer(2))
    try bench.exchange([message(.heartbeat, 3)])
    bench.server.write(answer(3))
    #expect(bench.client.readToEnd().isEmpty)
  }

  @Test(
    "EndTxn is told apart by whether it commits, in its old and in its flexible versions", arguments: [1, 3] as [Int16])
  func tellsCommits(_ version: Int16) throws {
    let bench = try Bench(.kafka)
    let aborts = bench.proxy.add(ProxyRule(.endTxn, isCommit: false, .request, .drop, count: 9))
    let (commit, abort) = (endTxn(1, version, isCommit: true), endTxn(2, version, isCommit: false))
    bench.client.write(abort + commit + abort)
    #expect(bench.server.read(commit.count) == commit)
    try awaiting("Two hits") { bench.proxy.hits(of: aborts) == 2 }
    #expect(KafkaRequest(commit)?.isCommit == true && KafkaRequest(abort)?.isCommit == false)
  }

  @Test("A request that comes twice is answered once, and an answer may come twice")
  func duplicates() throws {
    let bench = try Bench(.kafka)
    bench.proxy.add(ProxyRule(.fetch, .request, .duplicate))
    bench.proxy.add(ProxyRule(.heartbeat, .answer, .duplicate))
    bench.client.write(message(.fetch, 1))
    #expect(bench.server.read(32) == message(.fetch, 1) + message(.fetch, 1))
    bench.server.write(answer(1) + answer(1))
    try bench.exchange([message(.heartbeat, 2)])
    bench.server.write(answer(2))
    #expect(bench.client.read(42) == answer(1) + answer(2) + answer(2))
  }

  @Test("An answer may say an error instead of what it said")
  func refuses() throws {
    let bench = try Bench(.kafka)
    bench.proxy.add(ProxyRule(.endTxn, .answer, .refuse(30)))
    try bench.exchange([endTxn(1, 1, isCommit: true), endTxn(2, 1, isCommit: true)])
    bench.server.write(answer(1) + answer(2))
    #expect(bench.client.read(28) == answer(1, error: 30) + answer(2))
  }

  @Test("What is delayed comes later, and what is behind it as well")
  func delays() throws {
    let bench = try Bench(.kafka)
    bench.proxy.add(ProxyRule(.fetch, .answer, .delay(0.3)))
    try bench.exchange([message(.fetch, 1), message(.fetch, 2)])
    let began = uptime()
    bench.server.write(answer(1) + answer(2))
    #expect(bench.client.read(28) == answer(1) + answer(2))
    #expect(uptime() - began >= 0.29)
  }

  @Test("A request that is held breaks its connection and comes before the next one of the kind that releases it")
  func holds() throws {
    let bench = try Bench(.kafka)
    bench.proxy.add(ProxyRule(.endTxn, .request, .holdUntil(.addOffsetsToTxn)))
    let held = endTxn(1, 1, isCommit: false)
    bench.client.write(held)
    #expect(bench.client.readToEnd().isEmpty)
    #expect(bench.server.readToEnd().isEmpty)

    let next = try LoopbackSocket(port: bench.proxy.ports[0])
    let server = try bench.listener.accept()
    next.write(message(.fetch, 2) + message(.addOffsetsToTxn, 3))
    let late = try bench.listener.accept()
    #expect(late.read(held.count) == held)
    #expect(server.read(16) == message(.fetch, 2))
    #expect(!server.hasInput, "it waits for the held one's answer")
    late.write(answer(1, error: 90))
    #expect(server.read(16) == message(.addOffsetsToTxn, 3))
    try awaiting("The arrival") { bench.proxy.lateArrivals.first?.errorCode == 90 }
  }

  @Test("A request that is delayed while its connection breaks comes by itself")
  func comesLate() throws {
    let bench = try Bench(.kafka)
    bench.proxy.add(ProxyRule(.endTxn, .request, .delay(0.2), closes: true))
    let began = uptime()
    bench.client.write(endTxn(1, 1, isCommit: true))
    #expect(bench.client.readToEnd().isEmpty)
    let late = try bench.listener.accept()
    #expect(late.read(8) == Array(endTxn(1, 1, isCommit: true).prefix(8)))
    #expect(uptime() - began >= 0.19)
  }

  @Test("Frozen it passes on nothing, either way, and loses nothing")
  func freezes() throws {
    let bench = try Bench(.anything)
    bench.client.write([1])
    #expect(bench.server.read(1) == [1])
    bench.proxy.freeze()
    bench.client.write([2])
    bench.server.write([3])
    let new = try LoopbackSocket(port: bench.proxy.ports[0])
    new.write([4])
    let began = uptime()
    try awaiting("A moment") { uptime() - began > 0.2 }
    #expect(!bench.client.hasInput && !bench.server.hasInput)
    bench.proxy.thaw()
    #expect(bench.server.read(1) == [2])
    #expect(bench.client.read(1) == [3])
    #expect(try bench.listener.accept().read(1) == [4])
  }

  @Test("Latency and throughput are kept, and taken back")
  func slows() throws {
    let bench = try Bench(.anything)
    bench.proxy.setLatency(0.1)
    #expect(try bench.seconds(forBytes: 1) >= 0.09)
    bench.proxy.setLatency(0)
    bench.proxy.setThroughput(100_000)
    #expect(try bench.seconds(forBytes: 40_000) >= 0.39)
    bench.proxy.setThroughput(nil)
    // What would take ten seconds.
    #expect(try bench.seconds(forBytes: 1_000_000) < 9.9)
  }

  @Test("Connections are broken on command, and where there is no server")
  func breaks() throws {
    let bench = try Bench(.anything)
    bench.proxy.closeConnections()
    #expect(bench.client.readToEnd().isEmpty && bench.server.readToEnd().isEmpty)
    bench.proxy.connect(to: [])
    #expect(try LoopbackSocket(port: bench.proxy.ports[0]).readToEnd().isEmpty)
    bench.proxy.connect(to: [1])
    #expect(try LoopbackSocket(port: bench.proxy.ports[0]).readToEnd().isEmpty)
  }
}

/// A connection through a proxy, with both its ends.
private struct Bench {
  let listener: LoopbackListener
  let proxy: KafkaProxy
  let client: LoopbackSocket
  let server: LoopbackSocket

  init(_ spoken: KafkaProxy.Language) throws {
    listener = try LoopbackListener()
    proxy = try KafkaProxy(spoken)
    proxy.connect(to: [listener.port])
    client = try LoopbackSocket(port: proxy.ports[0])
    server = try listener.accept()
  }

  /// Sends requests all the way.
  func exchange(_ requests: [[UInt8]]) throws {
    let all = requests.flatMap { $0 }
    client.write(all)
    #expect(server.read(all.count) == all)
  }

  /// How long so many bytes take to the server.
  func seconds(forBytes count: Int) throws -> Double {
    let began = uptime()
    client.write([UInt8](repeating: 1, count: count))
    #expect(server.read(count).count == count)
    return uptime() - began
  }
}

/// A request of one kind, 16 bytes long at least.
private func message(_ api: KafkaAPI, _ correlation: Int32, padding: Int = 0) -> [UInt8] {
  let head: [UInt8] = bytes(api.rawValue) + bytes(Int16(0)) + bytes(correlation) + bytes(Int16(-1))
  return framed(head + [7, 7] + [UInt8](repeating: 9, count: padding))
}

private func endTxn(_ correlation: Int32, _ version: Int16, isCommit: Bool) -> [UInt8] {
  let id: [UInt8] = version >= 3 ? [0, 3, 0x74, 0x78] : [0, 2, 0x74, 0x78]
  let head = bytes(KafkaAPI.endTxn.rawValue) + bytes(version) + bytes(correlation) + [0, 1, 0x63]
  return framed(head + id + bytes(Int64(4711)) + bytes(Int16(3)) + [isCommit ? 1 : 0] + (version >= 3 ? [0] : []))
}

/// An answer, 14 bytes long at least.
private func answer(_ correlation: Int32, error: Int16 = 0, padding: Int = 0) -> [UInt8] {
  framed(bytes(correlation) + bytes(Int32(0)) + bytes(error) + [UInt8](repeating: 5, count: padding))
}

private func framed(_ body: [UInt8]) -> [UInt8] { bytes(Int32(body.count)) + body }

private func bytes(_ number: some FixedWidthInteger) -> [UInt8] { withUnsafeBytes(of: number.bigEndian) { Array($0) } }
