import LinkFailpoints
import LinkSandbox
import LinkTestSupport
import Testing

extension Chaos {
  /// SIGKILL at every failpoint, with the disk kept and with the disk wiped.
  @Suite struct KillTests {
    @Test(
      "A worker that dies at any place of the protocol, its disk kept or wiped, costs no link and no second outcome")
    func everywhere() throws {
      let options = try ChaosOptions.fromEnvironment
      let began = uptime()
      let kafka = try TestKafka.shared
      var reports = [try prove(KillPlan(seed: options.seed, workerCount: 2, isStatic: true), on: kafka.bootstrap)]
      if let seconds = options.seconds {
        let cluster = try TestKafka.startCluster()
        while uptime() - began < seconds {
          let round = UInt64(reports.count)
          let bootstrap = round % 2 == 1 ? cluster.bootstrap : kafka.bootstrap
          reports.append(try prove(KillPlan(seed: options.seed &+ round), on: bootstrap))
        }
      }
      let kills = reports.flatMap(\.plan.kills)
      let extra = reports.reduce(0) { $0 + $1.balance.extra }
      let bound = reports.reduce(0) { $0 + $1.balance.bound }
      let unclean = reports.count { !$0.audit.isClean }
      let dirty = reports.count { !$0.isClean }
      print(
        "kills in all: \(kills.count) (\(KillReport.tally(kills))), \(reports.reduce(0) { $0 + $1.linkCount }) links, "
          + "\(reports.reduce(0) { $0 + $1.balance.calls }) calls, \(extra) extra of at most \(bound), "
          + "audit clean in \(reports.count - unclean), \(dirty) of \(reports.count) campaigns do not add up, \(Int(uptime() - began)) s"
      )
      #expect(extra <= bound)
    }

    private func prove(_ plan: KillPlan, on bootstrap: String) throws -> KillReport {
      let report = try KillCampaign(plan, bootstrap: bootstrap).run()
      print(report)
      #expect(report.audit.isClean, "Seed \(plan.seed): \(report.audit)")
      #expect(report.contradictions == [] && report.balance.excesses == [], "Seed \(plan.seed)")
      for point in Failpoint.allCases {
        #expect(Set(plan.kills.filter { $0.point == point }.map(\.wipes)) == [false, true], "\(point) \(plan.seed)")
      }
      return report
    }
  }
}
