import LinkCore
import LinkCrypto
import LinkHTTP
import LinkKafka
import LinkOps
import LinkStore

/// Builds the worker's edges out of the settings: the one place where they meet.
struct WorkerAssembly {
  let settings: WorkerSettings
  let options: Worker.Options
  let log: Log
  let inbox: Inbox
  let health: Health

  /// What was built.
  struct Parts {
    var edges: WorkerEdges
    var engineSettings: EngineSettings
  }

  /// Builds in the order in which a person would want to hear of faults: files here first, then Kafka.
  func build() throws(CommandFailure) -> Parts {
    let adapter = try makeAdapter()
    let kafka = try kafkaProperties()
    let store = try openStore()
    let instanceID = store.instanceID
    let topics = try TopicGate(settings: settings, log: log).pass(options.topics)
    let reader = try attempt { () throws(KafkaFailure) in
      try StateReader(
        properties: kafka, groupID: settings.kafka.groupId, requestsTopic: settings.topics.requests,
        stateTopic: settings.topics.state)
    }
    try bind(store, clusterID: try attempt { () throws(KafkaFailure) in try reader.clusterID() })
    let thread = try start(store)
    let producing = kafka.producing(
      recordByteLimit: topics.largestRecordByteLimit, batchByteLimit: topics.recordByteLimit)
    let transactions = TransactionQueue(
      publisher: try makePublisher(producing, instanceID), inbox: inbox, pulse: health.transactions)
    let restorer = Restorer(
      reader: reader, admin: try attempt { () throws(KafkaFailure) in try KafkaAdmin(properties: kafka) },
      store: thread,
      transactions: transactions, inbox: inbox, progress: health.restore, log: log,
      settings: .init(
        requestsTopic: settings.topics.requests, stateTopic: settings.topics.state,
        partitionCount: topics.partitionCount,
        startsFromBeginning: options.startsFromBeginning, tombstoneRetention: topics.tombstoneRetention))
    let consumer = try makeConsumer(kafka)
    inbox.wakes { [waker = consumer.waker] in waker.wake() }
    return Parts(
      edges: WorkerEdges(
        inbox: inbox, consumer: consumer, transactions: transactions, restorer: restorer, store: thread,
        adapter: adapter,
        lag: LagReader(
          KafkaLagQuestion(
            properties: kafka, groupID: settings.kafka.groupId, requestsTopic: settings.topics.requests,
            stateTopic: settings.topics.state, log: log))),
      engineSettings: engineSettings(instanceID, topics))
  }

  private func makeAdapter() throws(CommandFailure) -> AdapterClient {
    do throws(AdapterClientFailure) {
      return try AdapterClient(
        settings: try AdapterClientSettings(settings.adapter),
        onFault: { [log] fault in log.error("adapter.credential.unreadable", "\(fault)") },
        onCredentialChange: { [inbox] in inbox.post(.credentialChanged) },
        onAnswer: { [inbox] call, answer in inbox.post(.answered(call: call, answer)) })
    } catch {
      throw CommandFailure(.config, .init(error.operation, error.subject, error.problem, hint: error.hint))
    }
  }

  private func openStore() throws(CommandFailure) -> LinkStore {
    do throws(StoreFailure) {
      return try LinkStore(
        directory: settings.storeDirectory, instanceID: settings.instanceId, sha256: sha256,
        onEvent: { [log] event in
          switch event {
          case .instanceNamed: log.info("store.instance", "\(event)")
          case .setAside, .checkUnfinished: log.warning("store.event", "\(event)")
          }
        })
    } catch {
      throw CommandFailure(error)
    }
  }

  private func bind(_ store: LinkStore, clusterID: String) throws(CommandFailure) {
    let binding = StoreBinding(
      clusterID: clusterID, requestsTopic: settings.topics.requests, stateTopic: settings.topics.state,
      group: settings.kafka.groupId)
    do throws(StoreFailure) {
      try store.bind(binding)
      let expired = try store.expireJournal(before: SystemClock.wall())
      if expired > 0 {
        log.info("journal.expired", "Answers whose tokens are dead were dropped.", ["count": .integer(expired)])
      }
    } catch {
      throw CommandFailure(error)
    }
  }

  private func start(_ store: sending LinkStore) throws(CommandFailure) -> StoreThread {
    do throws(StoreFailure) {
      return try StoreThread(
        store: store, onAnswers: { [inbox] answers in inbox.post(.stored(answers)) },
        onFailure: { [inbox, log, health] failure in
          guard failure.isPassing else {
            return inbox.end(.failed(reason: failure.description, exitCode: failure.exitCode))
          }
          health.storeFailed(failure.description)
          log.error("store.failed", "\(failure)")
        },
        onRecovery: { [log, health] in
          health.storeRecovered()
          log.info("store.recovered", "The local store does its work again.")
        })
    } catch {
      throw CommandFailure(error)
    }
  }

  private func makePublisher(
    _ kafka: KafkaProperties, _ instanceID: String
  ) throws(CommandFailure) -> TransactionalPublisher {
    let topics = Dictionary(uniqueKeysWithValues: TopicRole.allCases.map { ($0, settings.topics[$0]) })
    return try attempt { () throws(KafkaFailure) in
      try TransactionalPublisher(
        properties: kafka, transactionalID: "\(settings.kafka.groupId).\(instanceID)", topics: topics,
        watchedGroup: settings.kafka.groupId)
    }
  }

  private func makeConsumer(_ kafka: KafkaProperties) throws(CommandFailure) -> KafkaConsumer {
    try attempt { () throws(KafkaFailure) in
      try KafkaConsumer(properties: kafka, groupID: settings.kafka.groupId, topic: settings.topics.requests)
    }
  }

  private func kafkaProperties() throws(CommandFailure) -> KafkaProperties {
    try KafkaProperties(checking: settings.kafka, log: log)
  }

  private func engineSettings(_ instanceID: String, _ topics: TopicGate.Pass) -> EngineSettings {
    EngineSettings(
      partitionCount: topics.partitionCount, groupID: settings.kafka.groupId, instanceID: instanceID,
      requestsTopic: settings.topics.requests, eventMaxBytes: settings.eventByteLimit,
      deadLetterMaxBytes: min(topics.deadLetterMaxBytes, kafkaRecordByteLimit ?? .max),
      unknownType: settings.unknownType,
      concurrency: settings.adapter.concurrency, callsPerSecond: settings.adapter.ratePerSecond,
      retry: RetryPolicy(
        initial: settings.retry.initial, limit: settings.retry.max, retryAfterLimit: settings.retry.maxAfter,
        attemptLimit: settings.retry.attempts, ambiguousLimit: settings.retry.ambiguousAttempts,
        deadline: settings.retry.deadline),
      answers: AnswerRules(
        transientStatuses: Set(settings.adapter.transientStatuses ?? []),
        transientErrmsgs: settings.adapter.transientErrmsgs ?? []),
      tokenLife: settings.tokenLife, stateRetention: settings.stateRetention, replayLimit: settings.replayLimit,
      commitLinger: settings.commit.linger,
      commitBatch: settings.commit.batch, seed: .random(in: .min ... .max))
  }

  /// What the user says that no record may exceed.
  private var kafkaRecordByteLimit: Int? {
    settings.kafka.properties.first { $0.name == "message.max.bytes" }.flatMap { Int($0.reveal()) }
  }

  private func attempt<Value>(_ body: () throws(KafkaFailure) -> Value) throws(CommandFailure) -> Value {
    do throws(KafkaFailure) { return try body() } catch { throw CommandFailure(error) }
  }
}
