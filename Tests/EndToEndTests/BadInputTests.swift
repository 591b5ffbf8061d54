import LinkCore
import LinkKafka
import LinkSandbox
import LinkTestSupport
import Testing

extension EndToEnd {
  /// Records that are no requests, among those that are.
  @Suite struct BadInputTests {
    @Test(
      "Bad records become dead letters byte for byte, are refused where it can be told whose they are, and hold up nothing"
    )
    func badRecords() throws {
      let ground = try Ground()
      let worker = try ground.deployment.startWorker(["log.level": "debug"])
      let places = try ground.write(BadInput.all)
      try ground.deployment.awaitNoLag(worker: worker)
      try ground.deployment.awaitOutcomes(ground.good.count, worker: worker)

      let letters = try ground.letters()
      let refusals = try ground.refusals()
      for (input, place) in zip(BadInput.all, places) {
        switch input.fate {
        case .skipped: #expect(letters[place] == nil, "\(input.name)")
        case .deadLetter(let reason, let pointer, let isRefused):
          ground.expect(letters[place], of: input, at: place, reason, pointer)
          ground.expect(refusals[input.name], isRefused, of: input)
        }
      }
      #expect(letters.count == BadInput.all.count { $0.fate != .skipped })
      #expect(refusals.count == Set(BadInput.all.filter { $0.isRefused }.map(\.name)).count)
      ground.expectGoodOnes()
      let log = try worker.stop()
      #expect(log.code == 0)
      #expect(!log.errorText.contains(BadInput.canary), "no value in the log")
    }

    @Test("An unknown type is passed over where requests.unknown.type says skip; what is malformed is not")
    func skippedType() throws {
      let ground = try Ground()
      let worker = try ground.deployment.startWorker(["requests.unknown.type": "skip"])
      let inputs = BadInput.all.filter { ["a foreign type", "no data"].contains($0.name) }
      try #require(inputs.count == 2)
      let places = try ground.write(inputs)
      try ground.deployment.awaitNoLag(worker: worker)
      let letters = try ground.letters()
      #expect(letters.count == 1)
      #expect(zip(inputs, places).allSatisfy { ($0.name == "a foreign type") == (letters[$1] == nil) })
      #expect(try worker.stop().code == 0)
    }

    @Test(
      "A record as large as its topic takes has its dead letter whole, or cut where the dead letters' topic takes less")
    func large() throws {
      for limit in [nil, 500_000] {
        let ground = try Ground(deadLetterLimit: limit)
        let worker = try ground.deployment.startWorker()
        let value = [UInt8](repeating: UInt8(ascii: "x"), count: 1_040_000)
        let input = BadInput.unreadable("1 MB", value, "too_large", key: Array("4711".utf8))
        let place = try #require(try ground.write([input]).first)
        try ground.deployment.awaitNoLag(worker: worker)
        let letter = try #require(try ground.letters()[place])
        if limit == nil {
          ground.expect(letter, of: input, at: place, "too_large", "")
        } else {
          #expect(letter.header("linkworker.cut-from") == "1040000")
          #expect((400_000...500_000).contains(letter.value?.count ?? 0), "as much as fits")
          #expect(letter.key == input.key && letter.headers.first == input.headers.first)
          #expect(letter.header("__connect.errors.exception.class.name") == "too_large")
        }
        #expect(try worker.stop().code == 0)
      }
    }

    @Test("What an aborted transaction leaves in the requests topic is never seen")
    func abortedTransaction() throws {
      let ground = try Ground()
      let event = RequestEvent(id: "aborted", userID: 99, idempotencyKey: "aborted", accounts: [1])
      try ground.abort([event.structured, BadInput.canary])
      let before = try ground.deployment.offsets()
      #expect(before.map(\.end).reduce(0, +) >= 2, "they are in the log")
      let worker = try ground.deployment.startWorker()
      _ = try ground.write([])
      try ground.abort([event.structured])
      try ground.deployment.awaitOutcomes(ground.good.count, worker: worker)
      try ground.deployment.awaitNoLag(worker: worker)
      #expect(try ground.deployment.records(.deadLetters).isEmpty)
      #expect(ground.emulator.user(99) == nil)
      ground.expectGoodOnes()
      #expect(try worker.stop().code == 0)
    }
  }
}

extension BadInput {
  fileprivate var isRefused: Bool {
    if case .deadLetter(_, _, true) = fate { return true }
    return false
  }
}

extension SourceRecord {
  /// The value of a header as text.
  fileprivate func header(_ name: String) -> String? {
    headers.first { $0.name == Array(name.utf8) }?.value.map { String(decoding: $0, as: UTF8.self) }
  }
}

/// Where bad input falls: a deployment, its adapter, and good requests in between.
private final class Ground {
  let emulator: AdapterEmulator
  let deployment: Deployment
  private(set) var good: [RequestEvent] = []

  /// Where a record lies in the requests topic.
  struct Place: Hashable {
    var partition: Int32
    var offset: Int64
  }

  init(deadLetterLimit: Int? = nil) throws {
    emulator = try AdapterEmulator(forDeploymentWith: { _ in })
    deployment = try Deployment(
      kafka: TestKafka.shared, adapterURL: emulator.baseURL, partitions: 2, settings: ["instance.id": "ground"])
    if let deadLetterLimit {
      try TestKafka.alter(
        deployment.topic(.deadLetters), on: deployment.bootstrap, ["max.message.bytes": String(deadLetterLimit)])
    }
  }

  deinit { emulator.stop() }

  /// Writes the inputs, each between good requests, over both partitions; where they are.
  func write(_ inputs: [BadInput]) throws -> [Place] {
    var next: [Int32: Int64] = [:]
    for offset in try deployment.offsets() { next[offset.partition] = offset.end }
    var records: [OutgoingRecord] = []
    var places: [Place] = []
    func put(_ partition: Int32, _ key: [UInt8]?, _ value: [UInt8]?, _ headers: [Header]) {
      records.append(
        OutgoingRecord(topic: .requests, partition: partition, key: key, value: value, headers: headers))
      places.append(Place(partition: partition, offset: next[partition, default: 0]))
      next[partition, default: 0] += 1
    }
    var placesOfInputs: [Place] = []
    for (index, input) in inputs.enumerated() {
      putGood(put)
      put(Int32(index % 2), input.key, input.value, input.headers)
      if let place = places.last { placesOfInputs.append(place) }
    }
    putGood(put)
    try write(records)
    return placesOfInputs
  }

  private func putGood(_ put: (Int32, [UInt8]?, [UInt8]?, [Header]) -> Void) {
    let number = good.count + 1
    let event = RequestEvent(
      id: "good \(number)", userID: Int64(100_000 + number), idempotencyKey: "k\(number)", accounts: [Int64(number)])
    good.append(event)
    let key = Array(String(event.userID).utf8)
    put(
      HomePartition.of(userId: event.userID, partitionCount: 2), key, Array(event.structured.utf8),
      [BadInput.structured])
  }

  private func write(_ records: [OutgoingRecord]) throws {
    var properties = deployment.properties
    properties.values["message.max.bytes"] = "2000000"
    try KafkaWriter(properties: properties, topics: topics).write(records)
  }

  private var topics: [TopicRole: String] {
    Dictionary(uniqueKeysWithValues: TopicRole.allCases.map { ($0, deployment.topic($0)) })
  }

  /// Writes values to the requests topic in a transaction that is aborted: the group has never heard of the member that would commit it.
  func abort(_ values: [String]) throws {
    let group = deployment.group + ".foreign"
    let consumer = try KafkaConsumer(
      properties: deployment.properties, groupID: group, topic: deployment.topic(.outcomes))
    var isAssigned = false
    consumer.onAssign = { _ in isAssigned = true }
    try consumer.subscribe()
    try awaiting("An assignment") {
      _ = consumer.poll(timeoutMilliseconds: 50)
      return isAssigned
    }
    guard let member = consumer.groupMetadata() else { throw Missing("The group's metadata") }
    consumer.close()
    let publisher = try TransactionalPublisher(
      properties: deployment.properties, transactionalID: group, topics: topics)
    let records = values.enumerated().map { index, value in
      OutgoingRecord(
        topic: .requests, partition: Int32(index % 2), key: nil, value: Array(value.utf8),
        headers: [BadInput.structured])
    }
    let decision = BatchedDecision(id: 1, partition: 0, records: records, state: [])
    guard case .fencedByGroup = publisher.commit(Batch(id: 1, decisions: [decision], offsets: [0: 0]), group: member)
    else { throw Missing("An aborted transaction") }
    publisher.close()
  }

  /// The dead letters by what they say of their place.
  func letters() throws -> [Place: SourceRecord] {
    var letters: [Place: SourceRecord] = [:]
    for letter in try deployment.records(.deadLetters) {
      let place = Place(
        partition: letter.header("__connect.errors.partition").flatMap { Int32($0) } ?? -1,
        offset: letter.header("__connect.errors.offset").flatMap { Int64($0) } ?? -1)
      #expect(letters.updateValue(letter, forKey: place) == nil, "one letter a record")
    }
    return letters
  }

  /// The refusals by the request that they answer.
  func refusals() throws -> [String: OutcomeEvent] {
    var refusals: [String: OutcomeEvent] = [:]
    for event in try deployment.outcomes() where event.isA("refused") {
      #expect(refusals.updateValue(event, forKey: event.requestID) == nil, "one refusal a request")
    }
    return refusals
  }

  func expect(
    _ letter: SourceRecord?, of input: BadInput, at place: Place, _ reason: String, _ pointer: String
  ) {
    guard let letter else {
      Issue.record("no dead letter of \(input.name)")
      return
    }
    #expect(letter.key == input.key && letter.value == input.value, "\(input.name)")
    let message = letter.header("__connect.errors.exception.message") ?? ""
    let stage = letter.header("__connect.errors.stage") ?? ""
    let provenance = [
      Header("__connect.errors.topic", deployment.topic(.requests)),
      Header("__connect.errors.partition", String(place.partition)),
      Header("__connect.errors.offset", String(place.offset)),
      Header("__connect.errors.connector.name", deployment.group), Header("__connect.errors.task.id", "ground"),
      Header("__connect.errors.stage", stage), Header("__connect.errors.exception.class.name", reason),
      Header("__connect.errors.exception.message", message),
    ]
    #expect(
      letter.headers == input.headers + provenance,
      "\(input.name): \(letter.header("__connect.errors.exception.class.name") ?? "")")
    #expect(pointer.isEmpty || message.hasPrefix(pointer + ": "), "\(input.name): \(message)")
    #expect(message.hasSuffix(".") && !message.contains(BadInput.canary), "\(input.name): \(message)")
    #expect(["KAFKA_CONSUME", "VALUE_CONVERTER", "TRANSFORMATION"].contains(stage))
  }

  func expect(_ refusal: OutcomeEvent?, _ isRefused: Bool, of input: BadInput) {
    #expect((refusal != nil) == isRefused, "\(input.name)")
    guard let refusal, isRefused else { return }
    #expect(refusal.code == "invalid_request", "\(input.name)")
    #expect(refusal.data["requestSource"]?.text?.string == BadInput.source)
    #expect(refusal.record.key == refusal.userID.map { Array(String($0).utf8) }, "\(input.name)")
    #expect(refusal.data["error"]?["retryable"]?.boolean == false)
    #expect(!String(decoding: refusal.record.value ?? [], as: UTF8.self).contains(BadInput.canary))
  }

  /// Every good request has its token, and nobody else was called for.
  func expectGoodOnes() {
    let outcomes = try? deployment.outcomes().filter { $0.isA("token-ready") }
    #expect(Set(outcomes?.map(\.requestID) ?? []) == Set(good.map(\.id)) && outcomes?.count == good.count)
    #expect(emulator.stats.calls == good.count && emulator.stats.users == good.count)
  }
}
