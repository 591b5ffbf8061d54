import CRdKafka
import Glibc

extension KafkaProperties {
  /// librdkafka's version, as in `2.0.2`.
  public static var libraryVersion: String { String(cString: rd_kafka_version_str()) }

  /// The names of all properties that this librdkafka has, aliases included, sorted. It tells them only in the table that it prints.
  public static func libraryNames() -> [String] {
    var text: UnsafeMutablePointer<CChar>?
    var size = 0
    guard let stream = open_memstream(&text, &size) else { return [] }
    rd_kafka_conf_properties_show(stream)
    fclose(stream)
    defer { free(text) }
    guard let text else { return [] }
    let names = String(cString: text).split(separator: "\n").compactMap { line -> String? in
      guard let end = line.firstIndex(of: "|") else { return nil }
      let name = line[..<end].prefix { $0 != " " }
      return name.contains("-") || name == "Property" ? nil : String(name)
    }
    return Set(names).sorted()
  }
}
