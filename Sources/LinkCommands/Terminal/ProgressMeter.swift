import LinkCore

/// How far a long piece of work has come, as one line of text. Pure: the clock is handed in.
struct ProgressMeter {
  private let title: String
  private let unit: String
  private let began: Milliseconds
  /// What stood at some moments of the last few seconds, oldest first.
  private var samples: [Sample] = []

  private struct Sample {
    var at: Milliseconds
    var count: Int
    var fraction: Double?
  }

  /// Rate and remaining time follow the last seconds, not the whole run: what was fast an hour ago says nothing.
  private static let span: Milliseconds = 5_000
  private static let sampleInterval: Milliseconds = 250

  /// - Parameters:
  ///   - title: What is done, for instance `submit`.
  ///   - unit: What is counted, in the plural.
  ///   - began: Milliseconds of the clock that later calls use.
  init(title: String, unit: String, began: Milliseconds) {
    self.title = title
    self.unit = unit
    self.began = began
  }

  /// Takes where things stand: how many are done, and how much of the whole that is (0 to 1), where the whole is known.
  mutating func take(count: Int, fraction: Double?, at now: Milliseconds) {
    // Another piece of the work has begun: what was counted before says nothing of it.
    if let last = samples.last, count < last.count { samples = [] }
    if let last = samples.last, now - last.at < Self.sampleInterval, samples.count > 1 { samples.removeLast() }
    samples.append(Sample(at: now, count: count, fraction: fraction))
    while samples.count > 2, now - samples[0].at > Self.span { samples.removeFirst() }
  }

  /// The line, at most `width` columns of ASCII:
  /// `submit  41% [=======>          ] 41 233 requests, 78 912/s, 0:02 left`, or without what nobody knows.
  func line(width: Int) -> String {
    guard let last = samples.last else { return "" }
    var facts = ["\(Self.grouped(last.count)) \(unit)"]
    if let rate { facts.append("\(Self.grouped(Int(rate)))/s") }
    if let remaining {
      facts.append("\(Self.clock(remaining)) left")
    } else {
      facts.append(Self.clock(last.at - began))
    }
    let text = facts.joined(separator: ", ")
    guard let fraction = last.fraction.map({ min(max($0, 0), 1) }) else {
      return String("\(title)  \(text)".prefix(width))
    }
    let percent = String(Int(fraction * 100))
    let head = "\(title) \(String(repeating: " ", count: 3 - percent.count))\(percent)% "
    let room = min(width - head.count - text.count - 3, 40)
    guard room >= 8 else { return String((head + text).prefix(width)) }
    let filled = Int(fraction * Double(room))
    let bar = String(repeating: "=", count: filled) + (filled < room ? ">" : "")
    return "\(head)[\(bar)\(String(repeating: " ", count: room - bar.count))] \(text)"
  }

  /// Per second, over the last seconds.
  private var rate: Double? {
    guard let first = samples.first, let last = samples.last, last.at > first.at else { return nil }
    return Double(last.count - first.count) * 1000 / Double(last.at - first.at)
  }

  private var remaining: Milliseconds? {
    guard let first = samples.first, let last = samples.last, let end = last.fraction, let start = first.fraction,
      end > start, last.at > first.at
    else { return nil }
    let left = (1 - end) * Double(last.at - first.at) / (end - start)
    return left.isFinite && left < 3.6e9 ? Milliseconds(left.rounded()) : nil
  }

  /// `41 233`
  static func grouped(_ number: Int) -> String {
    var text = ""
    for (index, digit) in String(number).reversed().enumerated() {
      if index > 0, index % 3 == 0, digit != "-" { text.append(" ") }
      text.append(digit)
    }
    return String(text.reversed())
  }

  /// `0:02`, `12:31` or `3:00:07`.
  static func clock(_ time: Milliseconds) -> String {
    let seconds = max(time, 0) / 1000
    let two = { (number: Int64) in (number < 10 ? "0" : "") + String(number) }
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60)
    return (hours > 0 ? "\(hours):\(two(minutes))" : "\(minutes)") + ":" + two(seconds % 60)
  }
}
