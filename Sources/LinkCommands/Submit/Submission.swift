import LinkCore
import LinkKafka

/// Sends the requests of one input and follows them: checked, at their home, in their order, without more of them on the way than fit.
struct Submission: ~Copyable {
  /// What the command line asks for besides the requests.
  struct Options {
    var eventByteLimit: Int
    /// Requests a second at most; nil: as fast as it goes.
    var rate: Int?
    /// Whether one bad line keeps all others back.
    var isAllOrNothing = false
    /// The command as it was typed, without what says where the requests come from: for a hint that can be typed.
    var command: String
  }

  private var input: SubmitInput
  private let check: RequestCheck
  private let options: Options
  private let writer: KafkaStreamWriter
  private let partitionCount: Int32
  private let interrupts: InterruptCount
  private var rate: RateLimit?
  private var ledger = SubmitLedger()
  private var voice: SubmitVoice
  private var watch: OutcomeWatch?
  private var tally: OutcomeTally?
  private var watchFailure: KafkaFailure?
  /// The end of the last line that was read, in the input's unit.
  private var position: Int64 = 0
  private var isAtEnd = false
  /// Of the one request that was made of options.
  private var requestID: Text?

  /// Milliseconds that what is on its way is waited for after the first signal.
  private static let drainLimit: Milliseconds = 10_000
  /// Milliseconds that a look at the state topic may take after a signal.
  private static let lastLookLimit: Milliseconds = 2_000
  /// Lines read between two looks at what came back.
  private static let stride = 64

  init(
    _ input: consuming SubmitInput, options: Options, _ kafka: SubmitConnection, voice: SubmitVoice,
    interrupts: InterruptCount
  ) {
    self.input = input
    check = RequestCheck(eventByteLimit: options.eventByteLimit)
    self.options = options
    writer = kafka.writer
    partitionCount = kafka.partitionCount
    watch = kafka.watch
    self.voice = voice
    self.interrupts = interrupts
    rate = options.rate.map { RateLimit(perSecond: $0, now: SystemClock.uptime()) }
    tally = kafka.watch == nil ? nil : OutcomeTally()
  }

  /// Sends all, waits for what is to be waited for, and says what became of it.
  mutating func run() throws(CommandFailure) -> ExitCode {
    var failure: CommandFailure?
    do throws(CommandFailure) {
      let isReady = options.isAllOrNothing ? try isAllValid() : true
      if isReady { try send() }
    } catch {
      // What is on its way has to be accounted for, whatever has become of the input.
      failure = error
    }
    drain()
    awaitOutcomes()
    voice.conclude(ledger, of: input.size, wait: tally, isInterrupted: interrupts.count > 0)
    let verdict = SubmitVerdict(
      name: voice.name, path: input.name, input: input.kind, size: input.size, ledger: ledger, tally: tally,
      watchFailure: watchFailure,
      isInterrupted: interrupts.count > 0, isAllOrNothing: options.isAllOrNothing, isAtEnd: isAtEnd,
      command: options.command, requestID: requestID)
    guard var failure = failure ?? verdict.failure else { return .ok }
    if failure.lines != verdict.failure?.lines { failure.lines += verdict.failure?.lines ?? [] }
    throw failure
  }

  // MARK: - Sending

  /// Reads the whole input once before anything is sent; names what is wrong.
  private mutating func isAllValid() throws(CommandFailure) -> Bool {
    guard input.rewind() else {
      throw .usage("--all-or-nothing", "needs a file that can be read twice", hint: "save the lines into a file")
    }
    reading: while interrupts.count == 0 {
      switch try input.next(waiting: 100) {
      case .end: break reading
      case .nothingYet: continue
      case .line(let line):
        ledger.read(line)
        if !line.isBlank { _ = request(in: line) }
      }
    }
    guard ledger.rejectedCount == 0, interrupts.count == 0 else {
      ledger.holdBack()
      return false
    }
    ledger = SubmitLedger()
    return input.rewind()
  }

  private mutating func send() throws(CommandFailure) {
    while interrupts.count == 0, ledger.failure == nil {
      if let count = watch?.wait.count, count >= OutcomeWait.limit {
        pump(100)
        continue
      }
      // While nothing comes in, what comes back is looked at; a file never lets anybody wait.
      switch try input.next(waiting: 0) {
      case .end:
        isAtEnd = true
        return
      case .nothingYet:
        pump(0)
        voice.flush()
        if case .line(let line) = try input.next(waiting: 20) { take(line) }
      case .line(let line): take(line)
      }
    }
  }

  private mutating func take(_ line: InputLine) {
    ledger.read(line)
    defer {
      position = line.end
      if ledger.readCount == line.number, input.kind == .single || input.size == line.end { isAtEnd = true }
    }
    if line.number % Self.stride == 0 { pump(0) }
    guard !line.isBlank, let request = request(in: line) else { return }
    while let wait = rate?.take(now: SystemClock.uptime()) {
      guard interrupts.count == 0 else { return unread(line) }
      pump(Int32(clamping: min(wait, 100)))
    }
    offer(line, request)
  }

  private mutating func request(in line: InputLine) -> CheckedRequest? {
    do {
      let request = try check.read(line)
      if input.kind == .single { requestID = request.id }
      return request
    } catch {
      ledger.reject()
      voice.reject(line.number, input.link(of: line.number), error)
      return nil
    }
  }

  /// Hands a request in, once there is room.
  private mutating func offer(_ line: InputLine, _ request: CheckedRequest) {
    let record = OutgoingRecord(
      topic: .requests,
      partition: HomePartition.of(userId: request.key.userId, partitionCount: partitionCount),
      key: RequestCheck.key(of: request), value: line.bytes, headers: RequestCheck.headers)
    let pending = SubmitLedger.Pending(
      line: line.number, id: request.id, source: request.source, key: request.key, extent: line.end - position)
    watch?.wait.expect(request, line: line.number)
    while true {
      switch writer.offer(record, tag: line.number) {
      case .accepted: return ledger.send(pending)
      case .full:
        pump(50)
        guard interrupts.count == 0, ledger.failure == nil else { return unread(line) }
      case .refused(let failure):
        watch?.wait.forget(line: line.number)
        guard failure.refusesRecord else { return ledger.lose(line.number, failure) }
        ledger.refuse(failure)
        return voice.refuse(pending, failure)
      }
    }
  }

  /// A line that was read and will not be sent, for the end has come: as if it had not been read.
  private mutating func unread(_ line: InputLine) {
    watch?.wait.forget(line: line.number)
    ledger.unread(line)
  }

  // MARK: - What comes back

  private mutating func pump(_ milliseconds: Int32) {
    if milliseconds > 0 { voice.flush() }
    for delivery in writer.poll(milliseconds) { settle(delivery) }
    hear(0)
    let done = position - ledger.pendingExtent
    voice.progress(count: ledger.acknowledgedCount, fraction: input.size.map { Double(done) / Double(max($0, 1)) })
  }

  private mutating func settle(_ delivery: KafkaStreamWriter.Delivery) {
    guard let request = ledger.settle(delivery) else { return }
    switch delivery.fate {
    case .written(let partition, let offset):
      watch?.wait.acknowledge(
        line: request.line, at: .init(partition: partition, offset: offset), now: SystemClock.now())
      watch?.hear()
      voice.acknowledge(request, partition: partition, offset: offset)
    case .lost(let failure, let mayBeWritten):
      watch?.wait.forget(line: request.line)
      if failure.refusesRecord { return voice.refuse(request, failure) }
      voice.lose(request, failure, mayBeWritten: mayBeWritten)
    }
  }

  /// Waits for what is on its way: as long as Kafka's own limit lets it, or a while after a signal, or not after a second one.
  private mutating func drain() {
    var abandonedAt: Milliseconds?
    while writer.pendingCount > 0 {
      if abandonedAt == nil, interrupts.count >= 2 || interrupts.age ?? 0 >= Self.drainLimit {
        writer.abandon()
        abandonedAt = SystemClock.uptime()
      }
      pump(50)
      // The client tells at once what it has given up; should it not, nobody knows what became of that.
      if let abandonedAt, SystemClock.uptime() - abandonedAt >= Self.drainLimit {
        let failure = KafkaFailure("write", "", code: -185)
        for line in ledger.pendingLines { settle(.init(tag: line, fate: .lost(failure, mayBeWritten: true))) }
        return
      }
    }
  }

  private mutating func awaitOutcomes() {
    while let count = watch?.wait.count, count > 0, interrupts.count == 0 {
      voice.flush()
      hear(100)
      voice.progress(count: ledger.acknowledgedCount, fraction: nil)
    }
    // Somebody who wants to end has not asked for half an answer; a second signal does not wait for it.
    let interrupts = interrupts
    let last = watch?.lookOnce(within: Self.lastLookLimit, isStopped: { interrupts.count > 1 })
    for (entry, ending) in last ?? [] { end(entry, ending) }
    closeWatch()
  }

  private mutating func closeWatch() {
    for entry in watch?.wait.waiting ?? [] { end(entry, .nothing(entry.knowledge)) }
    // That they are known already may be why nothing came.
    if let tally, tally.openCount > 0 { watchFailure = watchFailure ?? watch?.lookFailure }
    watch = nil
  }

  private mutating func hear(_ milliseconds: Int32) {
    guard watch != nil else { return }
    let interrupts = interrupts
    do throws(KafkaFailure) {
      for (entry, ending) in try watch?.poll(milliseconds) ?? [] { end(entry, ending) }
      for (entry, ending) in watch?.look(isStopped: { interrupts.count > 0 }) ?? [] { end(entry, ending) }
    } catch {
      // The requests themselves go on.
      watchFailure = error
      return closeWatch()
    }
    for (entry, ending) in watch?.expire(isStopped: { interrupts.count > 0 }) ?? [] { end(entry, ending) }
  }

  private mutating func end(_ entry: OutcomeWait.Entry, _ ending: OutcomeWait.Ending) {
    tally?.count(ending)
    voice.end(entry, ending)
  }
}
