import LinkCore
import LinkKafka

/// What a job has sent already. The requests topic itself says so: no file has to be kept, and any machine can go on.
struct ReplayTrail {
  let job: ReplayJob
  let reader: RequestReader

  /// Milliseconds before the job's beginning from which on its events are looked for: the clocks of machines differ.
  private static let slack: Milliseconds = 3_600_000

  init(_ job: ReplayJob, eventByteLimit: Int) {
    self.job = job
    reader = RequestReader(eventMaxBytes: eventByteLimit)
  }

  /// The links whose event Kafka has; `partitions` are those in which it can be.
  func sent(in scan: TopicScan, _ partitions: [Int32]) throws(KafkaFailure) -> Set<LinkKey> {
    let ranges = try scan.ranges(of: partitions, since: job.began.map { $0 + -Self.slack })
    var sent: Set<LinkKey> = []
    try scan.read(ranges) { record in
      if let key = key(in: record) { sent.insert(key) }
      return true
    }
    return sent
  }

  /// The link that this job asks for in a record; nil where it is none of the job's.
  func key(in record: SourceRecord) -> LinkKey? {
    guard case .replay(let request) = reader.read(record), request.source == job.source,
      request.id == job.id(for: request.key)
    else { return nil }
    return request.key
  }
}
