public import LinkCore

extension EmulatorCall {
  /// One JSON object: `event` (`call`), `time`, `userId` and `status` where there is one, `class`, `ms`.
  public var json: [UInt8] {
    var writer = JSONWriter(capacity: 128)
    writer.beginObject()
    writer.name("event")
    writer.string("call" as Text)
    writer.name("time")
    writer.string(receivedAt.rfc3339)
    if let userId {
      writer.name("userId")
      writer.integer(userId)
    }
    writer.name("class")
    writer.string(kind.rawValue)
    if let status {
      writer.name("status")
      writer.integer(Int64(status))
    }
    writer.name("ms")
    writer.integer(duration)
    writer.endObject()
    return writer.bytes
  }
}

extension AdapterEmulatorStats {
  /// Writes what was counted as members of an object that is begun already.
  public func writeMembers(to writer: inout JSONWriter) {
    func write(_ name: StaticString, _ value: Int) {
      writer.name(name)
      writer.integer(Int64(value))
    }
    func write(_ name: StaticString, _ counts: [(name: String, count: Int)]) {
      writer.name(name)
      writer.verbatim(Array("{\(counts.map { "\"\($0.name)\":\($0.count)" }.joined(separator: ","))}".utf8))
    }
    write("total", calls)
    write("tokens", tokens)
    write("users", users)
    write("concurrent", concurrent)
    write("maxConcurrent", concurrentMost)
    write("maxConcurrentOfOneUser", concurrentMostOfOneUser)
    write("uncounted", uncountedCalls)
    write("byStatus", answersByStatus.sorted { $0.key < $1.key }.map { (name: "\($0.key)", count: $0.value) })
    write("byClass", byClass.map { (name: $0.kind.rawValue, count: $0.count) })
  }

  /// The classes that were answered, in their own order.
  public var byClass: [(kind: EmulatorAnswerClass, count: Int)] {
    EmulatorAnswerClass.allCases.compactMap { kind in answersByClass[kind].map { (kind: kind, count: $0) } }
  }
}
