import LinkCore

extension JSONWriter {
  /// Writes a member whose value is a number of things.
  mutating func count(_ name: StaticString, _ value: Int) {
    self.name(name)
    integer(Int64(value))
  }

  /// Writes a member that is text; none where there is no value.
  mutating func member(_ name: StaticString, _ value: String?) {
    guard let value else { return }
    self.name(name)
    string(value)
  }

  /// Writes a member that is text; none where there is no value.
  mutating func member(_ name: StaticString, _ value: Text?) {
    guard let value else { return }
    self.name(name)
    string(value)
  }

  /// Writes a member that is a number; none where there is no value.
  mutating func member(_ name: StaticString, _ value: Int64?) {
    guard let value else { return }
    self.name(name)
    integer(value)
  }

  /// Writes a member that is a moment, as RFC 3339 has it.
  mutating func member(_ name: StaticString, _ value: Timestamp?) { member(name, value?.rfc3339) }

  /// Writes a member that is true or false; none where there is no value.
  mutating func member(_ name: StaticString, _ value: Bool?) {
    guard let value else { return }
    self.name(name)
    boolean(value)
  }

  /// Writes a member that is an array of objects, each with the members that `write` gives it.
  mutating func objects<Item>(
    _ name: StaticString, _ items: some Sequence<Item>, _ write: (inout JSONWriter, Item) -> Void
  ) {
    self.name(name)
    beginArray()
    for item in items {
      beginObject()
      write(&self, item)
      endObject()
    }
    endArray()
  }
}
