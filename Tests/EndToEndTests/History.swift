import Glibc
import LinkCore
import LinkCrypto
import LinkSandbox
import LinkTestSupport

/// A state topic with links of a test's own making, behind identities and committed offsets of a worker's.
struct History {
  let deployment: Deployment
  let emulator: AdapterEmulator

  /// What the last record of a link says.
  enum End {
    /// It is due.
    case scheduled
    /// It has its token.
    case succeeded
    /// There is none any more.
    case tombstoned
  }

  /// Makes the topics, and has a worker begin its lanes: it leaves no link and no store.
  init(on kafka: RealKafka, settings: [String: String] = [:]) throws {
    emulator = try AdapterEmulator(forDeploymentWith: { _ in })
    deployment = try Deployment(kafka: kafka, adapterURL: emulator.baseURL, settings: settings)
    let worker = try deployment.startWorker()
    try worker.awaitLanes(deployment.partitions)
    // It commits what it has begun before it ends.
    guard try worker.stop().code == 0, worker.log("worker.stopped").first?.json["whole"]?.boolean == true else {
      throw Missing("A worker that begins lanes. \(worker.program.tail)")
    }
    deployment.removeStore()
  }

  /// Writes the same links as often as said, each time scheduled for a far day, and then as their ends are.
  func write(users: ClosedRange<Int64>, rounds: Int, ends: (Int64) -> End) throws {
    for _ in 0..<rounds {
      try deployment.write(users.map { record($0, .scheduled(due: .init(milliseconds: 1 << 42))) })
    }
    try deployment.write(
      users.map { user in
        switch ends(user) {
        case .scheduled: record(user, .scheduled(due: .init(milliseconds: 1)))
        case .succeeded: record(user, .succeeded(at: .init(milliseconds: Self.asked)))
        case .tombstoned: record(user, nil)
        }
      })
  }

  /// Writes the requests of these links, or repeats of them.
  func ask(for users: ClosedRange<Int64>) throws {
    try deployment.write(
      users.map { user in
        OutgoingRecord(
          topic: .requests, partition: home(user), key: Array(String(user).utf8),
          value: Array(event(user).structured.utf8),
          headers: [Header("content-type", "application/cloudevents+json")])
      })
  }

  /// Now: an old request would have passed its deadline.
  private static let asked = Int64(time(nil)) * 1000

  private func event(_ user: Int64) -> RequestEvent {
    RequestEvent(
      id: "request-\(user)", userID: user, idempotencyKey: "key-\(user)", accounts: [user],
      context: #"{"padding":"\#(String(repeating: "x", count: 200))"}"#)
  }

  private func home(_ user: Int64) -> Int32 {
    HomePartition.of(userId: user, partitionCount: deployment.partitions)
  }

  private func record(_ user: Int64, _ state: Link.State?) -> OutgoingRecord {
    let event = event(user)
    let key = LinkKey(userId: user, idempotencyKey: Text(event.idempotencyKey))
    var record = StateRecord.tombstone(.link(key))
    if let state {
      let request = LinkRequest(
        id: Text(event.id), source: Text(RequestEvent.source), userId: user, idempotencyKey: key.idempotencyKey,
        scope: LinkScope(brokerNames: ["northwind"], accounts: .some(event.accounts)),
        deadline: .init(milliseconds: 1 << 42), context: event.context.map { Array($0.utf8) })
      record = .link(
        Link(
          key: key, fingerprint: request.fingerprint(sha256: sha256), state: state, request: request,
          origin: .init(partition: home(user), offset: user, timestamp: .init(milliseconds: Self.asked))))
    }
    let (name, value) = record.encoded()
    return OutgoingRecord(topic: .state, partition: home(user), key: name, value: value)
  }
}
