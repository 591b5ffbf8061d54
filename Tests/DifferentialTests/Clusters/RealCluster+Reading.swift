import Glibc
import LinkCore
import LinkTestSupport

/// What readers see.
extension RealCluster {
  func view() throws -> ClusterView {
    var view = ClusterView()
    let starts = try listOffsets(-2, isCommitted: false)
    let ends = try listOffsets(-1, isCommitted: false)
    let stableEnds = try listOffsets(-1, isCommitted: true)
    let uncommitted = try fetch(starts, isCommitted: false)
    let committed = try fetch(starts, isCommitted: true)
    for place in Place.all {
      view.partitions[place] = .init(
        end: ends[place] ?? -1, stableEnd: stableEnds[place] ?? -1, uncommitted: uncommitted[place]?.records ?? [],
        committed: committed[place]?.records ?? [], position: committed[place]?.position ?? -1)
    }
    view.offsets = try offsets(isStable: false).offsets
    view.unstable = try offsets(isStable: true).unstable
    view.memberships = members.mapValues {
      .init(generation: $0.generations.last, isWaiting: $0.isWaiting, isReplaced: $0.isReplaced)
    }
    return view
  }

  func read(_ place: Place, from offset: Int64) throws -> Answer {
    guard let read = try fetch([place: offset], isCommitted: true)[place] else { throw Missing("Records of \(place)") }
    return read.isOutOfRange ? .offsetOutOfRange : .records(read.records, position: read.position)
  }

  func deleteRecords(of place: Place, before offset: Int64) throws -> Answer {
    try retried {
      var answer = try connection.ask(.deleteRecords) { request in
        request.list([place]) { request, place in
          request.string(topic(place.topic))
          request.list([place]) { request, place in
            request.integer(place.partition)
            request.integer(offset)
          }
        }
        request.integer(Int32(20_000))
      }
      _ = try answer.take(4)
      let errors = try answer.list { topic in
        _ = try topic.string()
        return try topic.list { partition in
          _ = try partition.take(4 + 8)
          return try partition.error()
        }
      }
      return errors.joined().first ?? .none
    }
  }

  /// Where logs begin (`moment` -2) or end (-1); a partition that has no leader is left out.
  func listOffsets(_ moment: Int64, isCommitted: Bool) throws -> [Place: Int64] {
    var answer = try connection.ask(.listOffsets) { request in
      request.integer(Int32(-1))
      request.boolean(isCommitted)
      request.list(TopicRole.allCases) { request, role in
        request.string(topic(role))
        request.list(Place.partitions(of: role)) { request, partition in
          request.integer(partition)
          request.integer(moment)
        }
      }
    }
    _ = try answer.take(4)
    let found = try answer.list { topic in
      let name = try topic.string() ?? ""
      return try topic.list { partition -> (Place, Int64)? in
        let number: Int32 = try partition.integer()
        let error = try partition.error()
        _ = try partition.take(8)
        let offset: Int64 = try partition.integer()
        return error == .none ? (try place(name, number), offset) : nil
      }
    }
    return Dictionary(uniqueKeysWithValues: found.joined().compactMap(\.self))
  }

  private struct Read {
    var records: [Record] = []
    var position: Int64
    var isOutOfRange = false
  }

  /// What readers get from these offsets on, up to where there is nothing more for them.
  private func fetch(_ starts: [Place: Int64], isCommitted: Bool) throws -> [Place: Read] {
    var reads = starts.mapValues { Read(position: $0) }
    var left = starts.keys.sorted()
    while !left.isEmpty {
      var next: [Place] = []
      for (place, fetched) in try fetchOnce(left.map { ($0, reads[$0]?.position ?? 0) }, isCommitted: isCommitted) {
        reads[place]?.isOutOfRange = fetched.error == .offsetOutOfRange
        guard !fetched.batches.isEmpty else { continue }
        let records = try fetched.records(at: place, isCommitted: isCommitted)
        let position = reads[place]?.position ?? 0
        reads[place]?.records += records.filter { $0.offset >= position }
        reads[place]?.position = fetched.batches.reduce(position) { max($0, $1.lastOffset + 1) }
        next.append(place)
      }
      left = next
    }
    return reads
  }

  private struct Fetched {
    var error: WireError
    var aborted: [(producer: Int64, first: Int64)]
    var batches: [RecordBatch]

    /// The records of its batches; for a read_committed reader without those of aborted transactions, which the broker sends along.
    func records(at place: Place, isCommitted: Bool) throws -> [Record] {
      var found: [Record] = []
      var aborting: Set<Int64> = []
      var ahead = aborted.sorted { $0.first < $1.first }[...]
      for batch in batches {
        while let next = ahead.first, next.first <= batch.lastOffset {
          aborting.insert(next.producer)
          ahead.removeFirst()
        }
        if batch.marker != nil { aborting.remove(batch.producer) }
        if isCommitted, batch.isTransactional, aborting.contains(batch.producer) { continue }
        for record in batch.records {
          found.append(Record(offset: record.offset, item: try Item(key: record.key, value: record.value, at: place)))
        }
      }
      return found
    }
  }

  private func fetchOnce(_ positions: [(place: Place, offset: Int64)], isCommitted: Bool) throws -> [(Place, Fetched)] {
    var answer = try connection.ask(.fetch) { request in
      request.integer(Int32(-1))
      request.integer(Int32(0))
      request.integer(Int32(0))
      request.integer(Int32(50_000_000))
      request.boolean(isCommitted)
      request.integer(Int32(0))
      request.integer(Int32(-1))
      request.list(positions) { request, position in
        request.string(topic(position.place.topic))
        request.list([position]) { request, position in
          request.integer(position.place.partition)
          request.integer(Int32(-1))
          request.integer(position.offset)
          request.integer(Int64(-1))
          request.integer(Int32(10_000_000))
        }
      }
      request.list([Int32]()) { $0.integer($1) }
      request.string("")
    }
    _ = try answer.take(4 + 2 + 4)
    return try answer.list { topic in
      let name = try topic.string() ?? ""
      return try topic.list { partition in
        let place = try place(name, try partition.integer())
        let error = try partition.error()
        _ = try partition.take(8 + 8 + 8)
        let aborted = try partition.list { (producer: try $0.integer(Int64.self), first: try $0.integer(Int64.self)) }
        _ = try partition.take(4)
        let batches = try RecordBatch.decode(try partition.data() ?? [])
        return (place, Fetched(error: error, aborted: aborted, batches: batches))
      }
    }.flatMap(\.self)
  }

  private func place(_ name: String, _ partition: Int32) throws -> Place {
    guard let role = TopicRole.allCases.first(where: { topic($0) == name }) else { throw Missing("A topic \(name)") }
    return Place(topic: role, partition: partition)
  }

  /// The group's offsets, and the partitions of which a client that wants stable ones is told to wait.
  func offsets(isStable: Bool) throws -> (offsets: [Int32: Int64], unstable: Set<Int32>) {
    var answer = try connection.ask(.offsetFetch) { request in
      request.string(group)
      request.list([topic(.requests)]) { request, name in
        request.string(name)
        request.list(Place.partitions(of: .requests)) { $0.integer($1) }
        request.tags()
      }
      request.boolean(isStable)
      request.tags()
    }
    _ = try answer.take(4)
    var (offsets, unstable): ([Int32: Int64], Set<Int32>) = ([:], [])
    _ = try answer.list { topic in
      _ = try topic.string()
      _ = try topic.list { partition in
        let number: Int32 = try partition.integer()
        let offset: Int64 = try partition.integer()
        _ = try partition.take(4)
        _ = try partition.string()
        if try partition.error() == .unstableOffsets {
          unstable.insert(number)
        } else if offset >= 0 {
          offsets[number] = offset
        }
        try partition.tags()
      }
      try topic.tags()
    }
    let error = try answer.error()
    guard error == .none else { throw Missing("The group's offsets, not \(error)") }
    return (offsets, unstable)
  }

  /// Milliseconds since 1970.
  static var now: Int64 {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    return Int64(now.tv_sec) * 1000 + Int64(now.tv_nsec) / 1_000_000
  }
}
