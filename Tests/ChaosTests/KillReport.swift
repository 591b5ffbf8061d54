import LinkFailpoints
import LinkTestSupport

/// What became of a campaign of kills.
struct KillReport: CustomStringConvertible {
  var plan: KillPlan
  var linkCount: Int
  /// What `linkworker audit` said.
  var audit: AuditReport
  /// The calls, and those that the deaths explain.
  var balance: CallTrace.Balance
  /// What does not add up.
  var contradictions: [String]
  /// How long the killing took, and all of it, in seconds.
  var killingSeconds: Double, seconds: Double

  /// Whether all is as it has to be.
  var isClean: Bool {
    audit.isClean && contradictions.isEmpty && balance.excesses.isEmpty && balance.extra <= balance.bound
  }

  var description: String {
    let members = "\(plan.workerCount) \(plan.isStatic ? "static" : "dynamic") workers"
    return "kills, seed \(plan.seed), \(members): \(plan.kills.count) (\(Self.tally(plan.kills))), \(linkCount) links, "
      + "\(balance.calls) calls, \(balance.extra) extra of at most \(balance.bound), "
      + "\(Int(killingSeconds)) s of \(Int(seconds)) s; "
      + "audit \(audit.isClean ? "clean" : "\(audit)"), "
      + (isClean ? "all adds up" : "WRONG: " + (contradictions + balance.excesses).joined(separator: "; "))
  }

  /// How many kills there were at each failpoint, as in `applied 1+1`: with the disk kept, and wiped.
  static func tally(_ kills: [Kill]) -> String {
    Failpoint.allCases.map { point in
      let here = kills.filter { $0.point == point }
      let wiped = here.count(where: \.wipes)
      return "\(point.rawValue) \(here.count - wiped)+\(wiped)"
    }.joined(separator: ", ")
  }
}
