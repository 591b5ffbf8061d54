import LinkCore

extension JSONWriter {
  /// Writes a member whose value is a number of things.
  mutating func count(_ name: StaticString, _ value: Int) {
    self.name(name)
    integer(Int64(value))
  }
}
