import Foundation
import Glibc

/// The thread of a proxy: it owns all connections.
final class ProxyLoop {
  private let state: ProxyState
  private let listeners: [Int32]
  private let cutsFrames: Bool
  private var connections: [ProxyConnection] = []
  private var late: [LateRequest] = []
  private var lateCount = 0
  private var closings = 0

  /// What the proxy is told, as of the beginning of a turn.
  private var told: ProxyState.Values

  init(_ state: ProxyState, _ listeners: [Int32], cutsFrames: Bool) {
    self.state = state
    self.listeners = listeners
    self.cutsFrames = cutsFrames
    told = state.read { $0 }
  }

  deinit { for listener in listeners { close(listener) } }

  /// Starts the thread, which alone has this object from then on.
  consuming func start() throws {
    var thread = pthread_t()
    let code = pthread_create(
      &thread, nil,
      { loop in
        guard let loop else { return nil }
        Unmanaged<ProxyLoop>.fromOpaque(loop).takeRetainedValue().run()
        return nil
      }, Unmanaged.passRetained(self).toOpaque())
    guard code == 0 else { throw Missing("A thread: \(String(cString: strerror(code)))") }
    pthread_detach(thread)
  }

  private func run() {
    while !told.isEnding {
      turn()
      told = state.read { $0 }
    }
  }

  // MARK: - A turn

  private func turn() {
    if told.closings != closings {
      closings = told.closings
      connections = []
    }
    let now = uptime()
    sendLateOnes(now)
    var polled = [pollfd(fd: state.bell, events: Int16(POLLIN), revents: 0)]
    if !told.isFrozen { polled += interests(now) }
    poll(&polled, nfds_t(polled.count), wait(now))
    if polled[0].revents != 0 { state.silence() }
    told = state.read { $0 }
    guard !told.isFrozen, polled.count > 1 else { return }
    let events = Dictionary(polled.dropFirst().map { ($0.fd, $0.revents) }, uniquingKeysWith: { $0 | $1 })
    serve(events)
  }

  /// What is waited for.
  private func interests(_ now: Double) -> [pollfd] {
    let waiting = waiting
    var polled = listeners.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
    for connection in connections {
      func interest(_ descriptor: Int32, reads: Bool, writes: Bool) {
        let events = (reads ? Int16(POLLIN) : 0) | (writes ? Int16(POLLOUT) : 0)
        // One that nothing is wanted of would wake the thread by its end again and again.
        if events != 0 { polled.append(pollfd(fd: descriptor, events: events, revents: 0)) }
      }
      interest(
        connection.client, reads: connection.requests.takesMore,
        writes: connection.answers.isReady(now: now, waiting: waiting))
      interest(
        connection.server, reads: connection.answers.takesMore,
        writes: connection.requests.isReady(now: now, waiting: waiting))
    }
    for request in late {
      guard let descriptor = request.descriptor else { continue }
      let events = Int16(POLLIN) | (request.hasMore ? Int16(POLLOUT) : 0)
      polled.append(pollfd(fd: descriptor, events: events, revents: 0))
    }
    return polled
  }

  /// Milliseconds until something is due.
  private func wait(_ now: Double) -> Int32 {
    guard !told.isFrozen else { return -1 }
    let dues =
      connections.flatMap { [$0.requests.nextDue, $0.answers.nextDue] }
      + late.map { $0.descriptor == nil ? $0.due : nil }
    // What is due already waits for room, of which poll tells.
    guard let next = dues.compactMap({ $0 }).filter({ $0 > now }).min() else { return -1 }
    return Int32(min((next - now) * 1_000 + 1, 60_000))
  }

  private func serve(_ events: [Int32: Int16]) {
    for (index, listener) in listeners.enumerated() where events[listener] ?? 0 != 0 { accept(listener, index) }
    for connection in connections {
      if events[connection.client] ?? 0 & ~Int16(POLLOUT) != 0 { read(connection, isAnswer: false) }
      if !connection.isBroken, events[connection.server] ?? 0 & ~Int16(POLLOUT) != 0 {
        read(connection, isAnswer: true)
      }
      guard !connection.isBroken else { continue }
      let (now, waiting) = (uptime(), waiting)
      let goesOn =
        connection.requests.send(to: connection.server, now: now, waiting: waiting)
        && connection.answers.send(to: connection.client, now: now, waiting: waiting)
      if !goesOn || connection.requests.isDone || connection.answers.isDone { connection.isBroken = true }
    }
    connections.removeAll(where: \.isBroken)
    late.removeAll { request in
      guard let descriptor = request.descriptor, let found = events[descriptor], found != 0,
        let arrival = request.turn(descriptor, found)
      else { return false }
      state.update { $0.lateArrivals.append(arrival) }
      return true
    }
    let count = connections.count
    state.update { $0.connectionCount = count }
  }

  private func accept(_ listener: Int32, _ index: Int) {
    while let client = ProxySocket.accepted(by: listener) {
      guard told.targets.indices.contains(index),
        let server = try? ProxySocket.connecting(to: told.targets[index])
      else {
        // As the kernel does where nobody listens.
        close(client)
        continue
      }
      connections.append(ProxyConnection(client: client, server: server, port: told.targets[index]))
    }
  }

  // MARK: - Bytes

  private func read(_ connection: ProxyConnection, isAnswer: Bool) {
    var chunk = [UInt8](repeating: 0, count: 65_536)
    let count = recv(isAnswer ? connection.server : connection.client, &chunk, chunk.count, 0)
    guard count > 0 else {
      if count < 0, errno == EAGAIN { return }
      if isAnswer { connection.answers.hasEnded = true } else { connection.requests.hasEnded = true }
      return
    }
    guard cutsFrames else {
      pass(Array(chunk[..<count]), connection, isAnswer: isAnswer)
      return
    }
    if isAnswer {
      connection.answerCutter.add(chunk[..<count])
      while !connection.isBroken, let frame = connection.answerCutter.next() { answer(frame, connection) }
    } else {
      connection.requestCutter.add(chunk[..<count])
      while !connection.isBroken, let frame = connection.requestCutter.next() { request(frame, connection) }
    }
  }

  private func pass(
    _ bytes: [UInt8], _ connection: ProxyConnection, isAnswer: Bool, delay: Double = 0, waitsFor: Int? = nil
  ) {
    let now = uptime()
    let delay = told.latency + delay
    if isAnswer {
      connection.answers.add(bytes, now: now, delay: delay, throughput: told.throughput)
    } else {
      connection.requests.add(bytes, now: now, delay: delay, throughput: told.throughput, waitsFor: waitsFor)
    }
  }

  private func request(_ frame: [UInt8], _ connection: ProxyConnection) {
    guard let request = KafkaRequest(frame) else {
      pass(frame, connection, isAnswer: false)
      return
    }
    let rule = state.update { state -> ProxyRule? in
      if let api = request.api {
        state.requests[api, default: 0] += 1
        state.lastPorts[api] = connection.port
      }
      return state.rule(for: request)
    }
    connection.unanswered[request.correlation] = (request, rule)
    let waitsFor = release(before: request)
    guard let rule, rule.side == .request else {
      pass(frame, connection, isAnswer: false, waitsFor: waitsFor)
      return
    }
    switch rule.fault {
    // Only an answer refuses; a request that was to goes on its way.
    case .refuse: pass(frame, connection, isAnswer: false, waitsFor: waitsFor)
    case .drop: break
    case .delay(let seconds):
      if rule.closes {
        hold(request, frame, connection, due: uptime() + seconds, until: nil)
      } else {
        pass(frame, connection, isAnswer: false, delay: seconds, waitsFor: waitsFor)
      }
    case .duplicate:
      connection.superfluous.insert(request.correlation)
      for _ in 0..<2 { pass(frame, connection, isAnswer: false, waitsFor: waitsFor) }
    case .holdUntil(let api):
      hold(request, frame, connection, due: nil, until: api)
      connection.isBroken = true
    }
    if rule.closes { connection.isBroken = true }
  }

  private func answer(_ frame: [UInt8], _ connection: ProxyConnection) {
    let correlation = frame.dropFirst(4).prefix(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    let known = connection.unanswered.removeValue(forKey: Int32(bitPattern: correlation))
    if known == nil, connection.superfluous.remove(Int32(bitPattern: correlation)) != nil { return }
    guard let (request, found) = known, let rule = found, rule.side == .answer else {
      pass(frame, connection, isAnswer: true)
      return
    }
    switch rule.fault {
    // A held answer has nobody to come to: it is one that is lost.
    case .drop, .holdUntil: break
    case .delay(let seconds): pass(frame, connection, isAnswer: true, delay: seconds)
    case .duplicate: for _ in 0..<2 { pass(frame, connection, isAnswer: true) }
    case .refuse(let code):
      pass(request.answer(frame, withError: code) ?? frame, connection, isAnswer: true)
    }
    if rule.closes { connection.isBroken = true }
  }

  // MARK: - Late requests

  /// Late requests that are on their way and not answered.
  private var waiting: Set<Int> { Set(late.map(\.id)) }

  private func hold(
    _ request: KafkaRequest, _ frame: [UInt8], _ connection: ProxyConnection, due: Double?, until api: KafkaAPI?
  ) {
    lateCount += 1
    late.append(LateRequest(id: lateCount, request, frame, port: connection.port, due: due, api: api))
  }

  /// Sends off what waits for such a request; it must be answered before that one goes on.
  private func release(before request: KafkaRequest) -> Int? {
    guard let api = request.api, let held = late.first(where: { $0.api == api && $0.due == nil }) else { return nil }
    held.due = uptime()
    sendLateOnes(uptime())
    return late.contains { $0 === held } ? held.id : nil
  }

  private func sendLateOnes(_ now: Double) {
    late.removeAll { request in
      guard request.descriptor == nil, let due = request.due, due <= now else { return false }
      do {
        try request.connect()
        return false
      } catch {
        state.update { $0.lateArrivals.append(KafkaProxy.LateArrival(request: request.request)) }
        return true
      }
    }
  }
}
