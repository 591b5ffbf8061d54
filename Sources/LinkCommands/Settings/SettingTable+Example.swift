extension SettingTable {
  /// A properties file with every setting: those that are required to be filled in, the others as comments that say what holds without them.
  static func example() -> String {
    var parts = [
      """
      # Settings of linkworker, in the syntax of Java's properties, in UTF-8.
      # Fill in what has no value; take the # away from what is to differ from its default.
      # Environment variables (LINKWORKER_ADAPTER_URL for adapter.url) and -X win over this file.
      # linkworker config check --connect --config FILE says whether it works.
      """
    ]
    for row in all {
      var lines = comment(row.meaning)
      if !row.interactions.isEmpty { lines += comment(row.interactions) }
      if !row.hazard.isEmpty { lines += comment("Mind: " + row.hazard) }
      switch row.presence {
      case .required: lines += comment("Required: \(row.kind.summary).") + ["\(row.name)="]
      case .optional: lines += comment("Optional: \(row.kind.summary).") + ["#\(row.name)="]
      case .preset(let value): lines += comment("Accepts: \(row.kind.summary).") + ["#\(row.name)=\(value)"]
      }
      parts.append(lines.joined(separator: "\n"))
    }
    return (parts + [passedThrough]).joined(separator: "\n\n")
  }

  private static func comment(_ text: String) -> [String] {
    CommandHelp.folded(plain(text), indent: "# ").split(separator: "\n").map(String.init)
  }

  private static let passedThrough = """
    # Every other property of librdkafka passes through with kafka. before its name. What most clusters ask for:

    # A password over TLS (the password itself in kafka.sasl.password.file, above)
    #kafka.security.protocol=SASL_SSL
    #kafka.ssl.ca.location=/etc/linkworker/kafka-ca.pem
    #kafka.sasl.mechanism=PLAIN
    #kafka.sasl.username=linkworker

    # A client certificate
    #kafka.security.protocol=SSL
    #kafka.ssl.ca.location=/etc/linkworker/kafka-ca.pem
    #kafka.ssl.certificate.location=/etc/linkworker/kafka.pem
    #kafka.ssl.key.location=/etc/linkworker/kafka.key
    """
}
