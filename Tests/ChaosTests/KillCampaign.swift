import Glibc
import LinkCore
import LinkFailpoints
import LinkKafka
import LinkSandbox
import LinkTestSupport

/// Workers under traffic that die one after the other, each where the plan says, until the plan is done; then all has to come to rest.
final class KillCampaign {
  private let plan: KillPlan
  private let traffic: Traffic
  private let emulator: AdapterEmulator
  private let deployment: Deployment
  private let writer: KafkaWriter
  private var portions: ArraySlice<[OutgoingRecord]>
  private var waiting: ArraySlice<Kill>
  private var members: [Member] = []
  private var visitor: WorkerProcess?
  /// Whether the visitor is asked to go; asked twice it would go at once.
  private var isVisitorLeaving = false
  private var trace: CallTrace
  private var logs: [WorkerProcess] = []
  private var lastWritten = 0.0
  private var lastLooked = 0.0

  /// One of the workers, over all its lives.
  private struct Member {
    var name: String
    var worker: WorkerProcess
    /// What it is to die of; nil: it may live.
    var kill: Kill?
    var startedAt: Double
    /// Whether it has served a partition, as far as was looked.
    var hasLanes = false
  }

  /// How long a worker may take to reach its end, in seconds: quiet it takes one or two, behind a dead one's open transaction twelve.
  private static let lifeLimit = 120.0
  /// Records of one portion of the traffic, and how often there is one, in seconds.
  private static let portionSize = 50, portionInterval = 0.5

  init(_ plan: KillPlan, bootstrap: String) throws {
    self.plan = plan
    // Two portions for each death, and some in reserve for those that take longer.
    let count = plan.kills.count * 3 * Self.portionSize
    let traffic = Traffic(count: count)
    self.traffic = traffic
    emulator = try AdapterEmulator(forDeploymentWith: {
      $0.rules = traffic.rules
      $0.latency = 10
      $0.jitter = 40
      $0.seed = plan.seed
    })
    deployment = try Deployment(
      bootstrap: bootstrap, adapterURL: emulator.baseURL,
      settings: [
        "adapter.concurrency": "16", "kafka.session.timeout.ms": plan.isStatic ? "6000" : "2500",
        "kafka.heartbeat.interval.ms": "300", "shutdown.timeout.ms": "10000",
      ])
    let names = Dictionary(uniqueKeysWithValues: TopicRole.allCases.map { [deployment] in ($0, deployment.topic($0)) })
    writer = try KafkaWriter(properties: deployment.properties, topics: names)
    portions = traffic.portions(plan.kills.count * 3, for: deployment)[...]
    waiting = plan.kills[...]
    trace = CallTrace(emulator)
  }

  /// Does all of it, and returns what became of it.
  func run() throws -> KillReport {
    defer { emulator.stop() }
    let began = uptime()
    for number in 1...plan.workerCount {
      let kill = waiting.popFirst()
      members.append(
        Member(
          name: "w\(number)", worker: try start("w\(number)", kill), kill: kill, startedAt: uptime()))
    }
    try awaiting("The end of the campaign", within: Self.lifeLimit * Double(plan.kills.count)) {
      try turn()
      return members.allSatisfy { $0.kill == nil }
    }
    let killed = uptime() - began
    while let portion = portions.popFirst() { try writer.write(portion) }
    try settle()
    return try report(killing: killed, all: uptime() - began)
  }

  // MARK: - Kills

  private func turn() throws {
    trace.sample()
    for index in members.indices {
      if members[index].worker.program.isRunning {
        try checkAge(of: members[index])
      } else {
        try bury(index)
      }
    }
    let now = uptime()
    if now - lastWritten > Self.portionInterval, let portion = portions.popFirst() {
      lastWritten = now
      try writer.write(portion)
    }
    if now - lastLooked > 0.1 {
      lastLooked = now
      try provoke()
    }
  }

  private func checkAge(of member: Member) throws {
    guard let kill = member.kill, uptime() - member.startedAt > Self.lifeLimit else { return }
    throw Missing("Seed \(plan.seed): \(member.name) has not reached \(kill). \(member.worker.program.tail)")
  }

  /// Makes sure that a worker ended as it had to, and starts its next life.
  private func bury(_ index: Int) throws {
    let member = members[index]
    let code = try member.worker.program.end().code
    guard let kill = member.kill, code == -SIGKILL else {
      throw Missing("Seed \(plan.seed): \(member.name) ended with \(code). \(member.worker.program.tail)")
    }
    if kill.wipes { Scratch.remove(store(member.name)) }
    let next = waiting.popFirst()
    members[index].worker = try start(member.name, next)
    members[index].kill = next
    members[index].startedAt = uptime()
    members[index].hasLanes = false
    trace.noteDeath()
  }

  /// Has a further worker join the group and leave it, again and again, while somebody is to die of a rebalance.
  private func provoke() throws {
    var isWanted = false
    for index in members.indices where members[index].kill?.needsRebalance == true {
      if !members[index].hasLanes { members[index].hasLanes = !members[index].worker.log("lane.opened").isEmpty }
      isWanted = isWanted || members[index].hasLanes
    }
    guard let visitor else {
      guard isWanted else { return }
      isVisitorLeaving = false
      self.visitor = try start("visitor", nil, isVisitor: true)
      return
    }
    guard visitor.program.isRunning else {
      let code = try visitor.program.end().code
      guard code == 0 else {
        throw Missing("Seed \(plan.seed): the visitor ended with \(code). \(visitor.program.tail)")
      }
      self.visitor = nil
      return
    }
    if !visitor.log("lane.opened").isEmpty { dismiss(visitor) }
  }

  private func dismiss(_ visitor: WorkerProcess) {
    if !isVisitorLeaving { visitor.program.signal(SIGTERM) }
    isVisitorLeaving = true
  }

  private func store(_ name: String) -> String { deployment.scratch["store-\(name)"] }

  private func start(_ name: String, _ kill: Kill?, isVisitor: Bool = false) throws -> WorkerProcess {
    var settings = ["store.directory": store(name)]
    if plan.isStatic && !isVisitor {
      settings["instance.id"] = name
      settings["kafka.group.instance.id"] = name
    }
    let worker = try deployment.startWorker(settings, failpoints: kill?.rule)
    logs.append(worker)
    return worker
  }

  // MARK: - What became of it

  /// Waits until everything has its end, and stops everybody.
  private func settle() throws {
    let deadline = uptime() + 180
    if let visitor {
      dismiss(visitor)
      let code = try visitor.program.end().code
      guard code == 0 else {
        throw Missing("Seed \(plan.seed): the visitor ended with \(code). \(visitor.program.tail)")
      }
    }
    var outcomes = 0
    try awaiting("All outcomes", within: deadline - uptime(), state: { "There are \(outcomes). \(tails)" }) {
      trace.sample()
      guard uptime() - lastLooked > 0.5 else { return false }
      lastLooked = uptime()
      outcomes = try deployment.records(.outcomes).count
      return outcomes >= traffic.answerCount
    }
    try deployment.awaitNoLag(within: max(deadline - uptime(), 10), worker: members.first?.worker)
    for member in members {
      let code = try member.worker.stop().code
      guard code == 0 else { throw Missing("\(member.name) stopped with \(code). \(member.worker.program.tail)") }
    }
    trace.sample()
  }

  private var tails: String { members.map { "\($0.name): \($0.worker.program.tail)" }.joined(separator: "\n") }

  private func report(killing: Double, all: Double) throws -> KillReport {
    trace.note(logs: logs.map(\.log))
    let calls = try traffic.calls(of: emulator)
    return KillReport(
      plan: plan, linkCount: traffic.links.count, audit: try deployment.audit(),
      balance: trace.balance(try deployment.outcomes(), calls),
      contradictions: try traffic.contradictions(
        in: deployment, emulator, logs: logs.map(\.program.errors), deaths: plan.kills.count),
      killingSeconds: killing, seconds: all)
  }
}
