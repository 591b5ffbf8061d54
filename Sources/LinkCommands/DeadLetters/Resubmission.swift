import LinkCore
import LinkKafka

/// Sends dead letters to the requests topic once more.
///
/// What was sent is known by what Kafka has: each repetition names its dead letter in a header. So nothing is sent twice, whoever goes on,
/// and no file has to be kept. The dead letters are read twice, to be judged and to be sent: of their values none is held.
final class Resubmission {
  private let selection: DeadLetterSelection
  private let settings: WorkerSettings
  private let invocation: Invocation
  private let interrupts: InterruptCount
  private let bar: SharedBar
  private var voice: ResubmissionVoice
  private var plan = ResubmissionPlan()
  private var rate: RateLimit?
  private var inFlight: [Int: AuditPlace] = [:]
  private var offeredCount = 0
  /// Whether the judging is over.
  private var isSending = false
  /// Why what was not acknowledged was not.
  private var failure: KafkaFailure?

  /// Milliseconds that what is on its way is waited for after the first signal.
  private static let drainLimit: Milliseconds = 10_000
  /// Milliseconds by which the clocks of those that write the two topics may differ.
  private static let slack: Milliseconds = 3_600_000
  /// Dead letters that are sent without a question.
  private static let unaskedCount = 1

  init(_ invocation: Invocation, interrupts: InterruptCount) throws(CommandFailure) {
    self.invocation = invocation
    self.interrupts = interrupts
    selection = try DeadLetterSelection(invocation, now: SystemClock.wall())
    rate = try invocation.integer("--rate", in: 1...1_000_000).map {
      RateLimit(perSecond: $0, now: SystemClock.uptime())
    }
    settings = try invocation.settings()
    bar = SharedBar(
      ProgressBar(
        invocation.console, environment: invocation.environment, title: invocation.command.name, unit: "records"))
    voice = ResubmissionVoice(invocation, bar)
  }

  /// Judges, asks, sends, and says what became of each.
  func run(value: [UInt8]?) throws(CommandFailure) -> ExitCode {
    let properties = try KafkaProperties(checking: settings.kafka)
    defer { bar.erase() }
    var ending: CommandFailure?
    do throws(KafkaFailure) {
      ending = try send(properties, value)
    } catch {
      ending = Self.commandFailure(error)
    }
    return try conclude(ending)
  }

  /// Judges, asks and sends; returns why it was not to be sent.
  private func send(_ properties: KafkaProperties, _ value: [UInt8]?) throws(KafkaFailure) -> CommandFailure? {
    let isStopped = { [interrupts] in interrupts.count > 0 }
    let letters = try TopicScan(.deadLetters, settings, properties, isStopped: isStopped) { [self] in show($0, $1) }
    let requests = try TopicScan(.requests, settings, properties, isStopped: isStopped) { [self] in show($0, $1) }
    let check = RepetitionCheck(
      eventByteLimit: settings.eventByteLimit, requestsTopic: requests.topic, partitionCount: requests.partitionCount,
      groupID: settings.kafka.groupId, value: value, isForced: invocation.isSet("--force"))
    let ranges = selection.part(of: try letters.ranges(of: Array(0..<letters.partitionCount)))
    try judge(letters, ranges, requests, check)
    // What was not read to the end is no plan.
    if interrupts.count > 0 { return nil }
    guard !plan.isTooLarge else {
      return .usage(
        invocation.command.name,
        "more than \(ProgressMeter.grouped(ResubmissionPlan.limit)) dead letters are too many for one call",
        hint: "less than that at a time, by --since and --until")
    }
    voice.tell(plan, isDryRun: invocation.isSet("--dry-run"))
    if plan.toSend.isEmpty || invocation.isSet("--dry-run") { return nil }
    if let refusal = question() { return refusal }
    let writer = try KafkaStreamWriter(properties: properties, topic: requests.topic)
    // What is on its way has to be accounted for, whatever becomes of the reading.
    defer { drain(writer) }
    isSending = true
    try letters.read(ranges) { record in
      send(record, letters.topic, check, writer)
      return failure == nil
    }
    return nil
  }

  private func judge(
    _ letters: TopicScan, _ ranges: [Int32: Range<Int64>], _ requests: TopicScan, _ check: RepetitionCheck
  ) throws(KafkaFailure) {
    var missing = selection.places
    try letters.read(ranges) { record in
      let letter = DeadLetterRecord(record, topic: letters.topic)
      guard selection.contains(record, letter) else { return true }
      let place = AuditPlace(partition: record.partition, offset: record.offset)
      missing.remove(place)
      switch check.judge(letter) {
      // Who names one is told why it is not sent; what others have put aside is none of those that fit.
      case .foreign(let why) where !selection.places.isEmpty: voice.refused(place, why)
      case .foreign: plan.passOver()
      case .refused(let why): voice.refused(place, why)
      case .send: plan.take(record, letter)
      }
      return !plan.isTooLarge
    }
    guard interrupts.count == 0, !plan.isTooLarge else { return }
    for place in missing.sorted() { voice.refused(place, "there is no such dead letter") }
    guard let oldest = plan.oldest else { return }
    // A repetition lies where the user of its value at that time is at home, and that value may have been another one: it may be anywhere.
    let partitions = Array(0..<requests.partitionCount)
    try requests.read(try requests.ranges(of: partitions, since: oldest + -Self.slack)) { record in
      plan.take(request: record, deadLetterTopic: letters.topic)
      return true
    }
  }

  /// While dead letters are judged the bar is about what is read; then about what is sent.
  private func show(_ count: Int, _ fraction: Double?) {
    guard isSending else { return bar.show(count, fraction) }
    bar.show(voice.sentCount, Double(voice.sentCount) / Double(max(plan.toSend.count, 1)))
  }

  /// Nil where it is to go on; else why it does not.
  private func question() -> CommandFailure? {
    guard plan.toSend.count > Self.unaskedCount, !invocation.isSet("--yes") else { return nil }
    bar.erase()
    guard Question.canBeAsked(invocation.console) else {
      return .usage(
        "--yes", "is missing: \(plan.phrase) would be sent, and there is no terminal to ask at",
        hint: "--yes, or --dry-run to see what would be done")
    }
    do throws(CommandFailure) {
      let isWanted = try Question(console: invocation.console).ask("Send \(plan.phrase) again?") {
        interrupts.count > 0
      }
      guard !isWanted else { return nil }
      return CommandFailure(
        interrupts.count > 0 ? .interrupted : .found,
        .init(invocation.command.name, "", "nothing was sent", hint: ""))
    } catch {
      return error
    }
  }

  // MARK: - Sending

  private func send(_ record: SourceRecord, _ topic: String, _ check: RepetitionCheck, _ writer: KafkaStreamWriter) {
    let place = AuditPlace(partition: record.partition, offset: record.offset)
    guard plan.toSend.contains(place), interrupts.count == 0, failure == nil,
      case .send(let outgoing) = check.judge(DeadLetterRecord(record, topic: topic))
    else { return }
    while let wait = rate?.take(now: SystemClock.uptime()) {
      guard interrupts.count == 0 else { return }
      settle(writer.poll(Int32(clamping: min(wait, 100))))
    }
    offeredCount += 1
    while true {
      switch writer.offer(outgoing, tag: offeredCount) {
      case .accepted:
        inFlight[offeredCount] = place
        if offeredCount % 64 == 0 { settle(writer.poll(0)) }
        return
      case .full:
        settle(writer.poll(50))
        guard interrupts.count == 0, failure == nil else { return }
      case .refused(let failure): return lose(place, failure, mayBeWritten: false)
      }
    }
  }

  private func settle(_ deliveries: [KafkaStreamWriter.Delivery]) {
    for delivery in deliveries {
      guard let place = inFlight.removeValue(forKey: delivery.tag) else { continue }
      switch delivery.fate {
      case .written(let partition, let offset): voice.sent(place, partition: partition, offset: offset)
      case .lost(let failure, let mayBeWritten): lose(place, failure, mayBeWritten: mayBeWritten)
      }
    }
    if !deliveries.isEmpty { show(voice.sentCount, nil) }
  }

  private func lose(_ place: AuditPlace, _ failure: KafkaFailure, mayBeWritten: Bool) {
    // One that Kafka refuses for itself says nothing of the others.
    if failure.refusesRecord { return voice.refused(place, "Kafka refuses it: \(failure.detail) (\(failure.name))") }
    if self.failure == nil, !failure.name.hasPrefix("_PURGE") { self.failure = failure }
    voice.lost(place, mayBeWritten: mayBeWritten)
  }

  /// Waits for what is on its way: as long as Kafka's own limit lets it, or a while after a signal, or not after a second one.
  private func drain(_ writer: KafkaStreamWriter) {
    var abandonedAt: Milliseconds?
    while writer.pendingCount > 0 {
      if abandonedAt == nil, interrupts.count >= 2 || interrupts.age ?? 0 >= Self.drainLimit {
        writer.abandon()
        abandonedAt = SystemClock.uptime()
      }
      settle(writer.poll(50))
      // The client tells at once what it has given up; should it not, nobody knows what became of that.
      if let abandonedAt, SystemClock.uptime() - abandonedAt >= Self.drainLimit { break }
    }
    for place in inFlight.values.sorted() { voice.lost(place, mayBeWritten: true) }
    inFlight = [:]
  }

  // MARK: - The end

  private func conclude(_ other: CommandFailure?) throws(CommandFailure) -> ExitCode {
    let isDryRun = invocation.isSet("--dry-run")
    voice.conclude(plan, isDryRun: isDryRun)
    if let other { throw other }
    let goOn = "the same command again: what Kafka has already is not sent twice"
    if interrupts.count > 0 {
      throw CommandFailure(
        .interrupted, .init(invocation.command.name, "", "interrupted: \(voice.summary(plan))", hint: goOn))
    }
    if let failure {
      var failure = Self.commandFailure(failure)
      failure.lines.append(.init(invocation.command.name, "", voice.summary(plan), hint: goOn))
      throw failure
    }
    return voice.refusedCount > 0 ? .found : .ok
  }

  private static func commandFailure(_ failure: KafkaFailure) -> CommandFailure {
    var failure = failure
    if failure.name.hasSuffix("AUTHORIZATION_FAILED") {
      failure.hint = "allow this principal Read on the dead-letter topic, and Read and Write on the requests topic"
    }
    return CommandFailure(failure)
  }
}
