extension Engine {
  /// The offsets that the group has committed of the open lanes, by partition: for the lag.
  public var committedOffsets: [Int32: Int64] {
    lanes.filter { $0.value.phase == .open }.mapValues(\.offsets.committed)
  }
}
