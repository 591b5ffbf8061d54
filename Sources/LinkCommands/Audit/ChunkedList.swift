/// A list that grows by pieces: an array that doubles holds three times its content while it is copied.
struct ChunkedList<Element> {
  private var chunks: [ContiguousArray<Element>] = []

  private static var chunkSize: Int { 1 << 14 }

  /// How many elements there are.
  private(set) var count = 0

  /// Adds an element at the end.
  mutating func append(_ element: Element) {
    if count == chunks.count * Self.chunkSize {
      var chunk = ContiguousArray<Element>()
      chunk.reserveCapacity(Self.chunkSize)
      chunks.append(chunk)
    }
    chunks[chunks.count - 1].append(element)
    count += 1
  }

  /// The element at a position from 0 to `count` - 1.
  subscript(position: Int) -> Element {
    get { chunks[position / Self.chunkSize][position % Self.chunkSize] }
    _modify { yield &chunks[position / Self.chunkSize][position % Self.chunkSize] }
  }
}
