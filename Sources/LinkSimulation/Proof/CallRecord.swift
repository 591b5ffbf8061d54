import LinkCore

/// One call of the adapter, as the proof of I3 remembers it.
final class CallRecord {
  let key: LinkKey
  /// The request that asked for it.
  let number: Int
  let process: Process
  let partition: Int32
  /// The link's replay number, and how often it was forgotten, when the call was made.
  let replay: Int
  let life: Int
  /// When it was made.
  let began: Milliseconds
  /// What the adapter's answer really is, whatever is made of it; nil until it has answered.
  var verdict: Attempt.Verdict?
  /// The worker died or lost the partition since the call began.
  var isLost = false
  /// The adapter gives its user nothing, whatever it gives to others.
  var isStubborn = false

  var isAnswered: Bool { verdict != nil }

  /// Whether the answer ends the link's replay number: another call is then one too many, unless the first is lost.
  var isFinal: Bool { verdict == .succeeded || verdict == .rejected }

  init(
    key: LinkKey, number: Int, process: Process, partition: Int32, replay: Int, life: Int, began: Milliseconds
  ) {
    self.key = key
    self.number = number
    self.process = process
    self.partition = partition
    self.replay = replay
    self.life = life
    self.began = began
  }
}
