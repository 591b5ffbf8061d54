extension Engine {
  /// The offsets that the group has committed of the open lanes, by partition: for the lag.
  public var committedOffsets: [Int32: Int64] {
    lanes.filter { $0.value.phase == .open }.mapValues(\.offsets.committed)
  }

  /// The partitions of this worker that are not open: what the group has committed of them the engine does not know, or cannot go on from.
  public var closedPartitions: Set<Int32> { Set(lanes.filter { $0.value.phase != .open }.keys) }
}
