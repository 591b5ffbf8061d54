import CRdKafka
import Glibc

/// Which member of the group, in which generation, sends offsets: by it Kafka refuses the commit of a member that has been passed over.
///
/// Unchecked, because it owns a C handle, which never changes after it is made.
public final class GroupMetadata: @unchecked Sendable {
  /// librdkafka's object.
  let pointer: OpaquePointer
  /// The generation, 0 or more.
  public let generation: Int32
  /// The member's id, as the group's coordinator gave it.
  public let memberID: String

  /// Takes over `pointer`; nil (and freed) unless it is of a member of a generation: offsets without either are not fenced.
  init?(consuming pointer: OpaquePointer) {
    guard let written = Self.read(pointer), written.generation >= 0, !written.memberID.isEmpty else {
      rd_kafka_consumer_group_metadata_destroy(pointer)
      return nil
    }
    self.pointer = pointer
    generation = written.generation
    memberID = written.memberID
  }

  deinit { rd_kafka_consumer_group_metadata_destroy(pointer) }

  /// Whether generation and member can be read with this librdkafka: without them a departed member could not be known.
  static func formIsKnown() -> Bool {
    guard let sample = rd_kafka_consumer_group_metadata_new_with_genid("group", 7, "member", nil) else { return false }
    defer { rd_kafka_consumer_group_metadata_destroy(sample) }
    guard let written = read(sample) else { return false }
    return written == (7, "member")
  }

  /// Generation and member id. Newer versions of librdkafka have functions that tell (looked up by name, for older ones have not); otherwise they
  /// are read from the written form.
  static func read(_ pointer: OpaquePointer) -> (generation: Int32, memberID: String)? {
    accessors.map { ($0.generation(pointer), String(cString: $0.memberID(pointer))) } ?? readWritten(pointer)
  }

  private struct Accessors: Sendable {
    let generation: @convention(c) (OpaquePointer) -> Int32
    let memberID: @convention(c) (OpaquePointer) -> UnsafePointer<CChar>
  }

  private static let accessors: Accessors? = {
    let prefix = "rd_kafka_consumer_group_metadata_"
    guard let generation = dlsym(nil, prefix + "generation_id"), let memberID = dlsym(nil, prefix + "member_id") else {
      return nil
    }
    return Accessors(
      generation: unsafeBitCast(generation, to: (@convention(c) (OpaquePointer) -> Int32).self),
      memberID: unsafeBitCast(memberID, to: (@convention(c) (OpaquePointer) -> UnsafePointer<CChar>).self))
  }()

  /// "CGMDv2:", the generation (int32 in the machine's order), then group, member and instance id, each ended by a zero byte.
  static func readWritten(_ pointer: OpaquePointer) -> (generation: Int32, memberID: String)? {
    var buffer: UnsafeMutableRawPointer?
    var size = 0
    if let error = rd_kafka_consumer_group_metadata_write(pointer, &buffer, &size) {
      rd_kafka_error_destroy(error)
      return nil
    }
    guard let buffer else { return nil }
    defer { rd_kafka_mem_free(nil, buffer) }
    let bytes = UnsafeRawBufferPointer(start: buffer, count: size)
    let magic = Array("CGMDv2:".utf8)
    guard size > magic.count + 4, bytes.starts(with: magic) else { return nil }
    let texts = bytes[(magic.count + 4)...].split(separator: 0, maxSplits: 2, omittingEmptySubsequences: false)
    guard texts.count == 3 else { return nil }
    return (
      bytes.loadUnaligned(fromByteOffset: magic.count, as: Int32.self), String(decoding: texts[1], as: UTF8.self)
    )
  }
}
