import LinkCore

extension Health {
  /// What `/livez` answers: `{"live":true}`, or `false` with the reasons.
  func livePage(now: Now) -> (isGood: Bool, body: [UInt8]) {
    let faults = faults(now: now)
    var body = Array(#"{"live":\#(faults.isEmpty)"#.utf8)
    if !faults.isEmpty {
      body += #","reasons":"#.utf8
      LogValue.list(faults.map { .string($0) }).encode(to: &body)
    }
    body += "}\n".utf8
    return (faults.isEmpty, body)
  }

  /// What `/readyz` answers: whether the worker does its work, and each check by its name.
  func readyPage(now: Now) -> (isGood: Bool, body: [UInt8]) {
    let checks = checks(now: now)
    let isGood = checks.allSatisfy(\.isPassed)
    var body = Array(#"{"ready":\#(isGood),"checks":{"#.utf8)
    for (index, check) in checks.enumerated() {
      if index > 0 { body.append(UInt8(ascii: ",")) }
      check.encode(to: &body)
    }
    body += "}}\n".utf8
    return (isGood, body)
  }
}

extension HealthCheck {
  fileprivate func encode(to body: inout [UInt8]) {
    LogText.appendQuoted(name, to: &body)
    body += #":{"ok":\#(isPassed)"#.utf8
    if let reason {
      body += #","reason":"#.utf8
      LogText.appendQuoted(reason, to: &body)
    }
    figures.encode(to: &body)
    body.append(UInt8(ascii: "}"))
  }
}
