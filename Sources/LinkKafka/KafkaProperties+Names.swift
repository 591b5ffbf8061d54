import CRdKafka
import Glibc

extension KafkaProperties {
  /// librdkafka's version, as in `2.0.2`.
  public static var libraryVersion: String { String(cString: rd_kafka_version_str()) }

  /// The names of all properties that this librdkafka has, aliases included, sorted.
  public static func libraryNames() -> [String] { libraryProperties().keys.sorted() }

  /// All properties that this librdkafka has, aliases included, each with the words that it takes; none where it takes something else. It
  /// tells them only in the table that it prints.
  public static func libraryProperties() -> [String: [String]] {
    var text: UnsafeMutablePointer<CChar>?
    var size = 0
    guard let stream = open_memstream(&text, &size) else { return [:] }
    rd_kafka_conf_properties_show(stream)
    fclose(stream)
    defer { free(text) }
    guard let text else { return [:] }
    let rows = String(cString: text).split(separator: "\n").compactMap { line -> (String, [String])? in
      let columns = line.split(separator: "|", omittingEmptySubsequences: false)
      guard columns.count > 2 else { return nil }
      let name = columns[0].prefix { $0 != " " }
      return name.contains("-") || name == "Property" ? nil : (String(name), words(ofRange: columns[2]))
    }
    // What stands there for consumers and for producers apart takes the words of both.
    return Dictionary(rows) { first, second in first + second.filter { !first.contains($0) } }
  }

  /// The words of a range like `true, false`; none of one like `0 .. 100`.
  private static func words(ofRange range: Substring) -> [String] {
    guard !range.contains("..") else { return [] }
    return range.split { $0 == "," || $0 == " " }.map(String.init)
  }
}
