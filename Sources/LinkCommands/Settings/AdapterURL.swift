/// Where the adapter is: an http or https address without user, query and fragment.
public struct AdapterURL: Hashable, Sendable, CustomStringConvertible {
  /// Whether the connection is encrypted.
  public var isSecure: Bool
  /// A name or an address; an IPv6 address without its brackets.
  public var host: String
  /// The port, where one was written.
  public var port: Int?
  /// The path to which an operation's own is added: empty, or `/…` without a slash at its end.
  public var path: String

  /// The address in `text`.
  init(_ text: String) throws(SettingFault) {
    func fault(_ reason: String) -> SettingFault {
      SettingFault(reason, hint: "https://HOST:PORT, or https://HOST/PATH where the adapter is below a path")
    }
    let rest: Substring
    if let end = Self.end(of: "https://", in: text) {
      (isSecure, rest) = (true, text[end...])
    } else if let end = Self.end(of: "http://", in: text) {
      (isSecure, rest) = (false, text[end...])
    } else {
      throw fault("is not an http or https address")
    }
    guard text.utf8.allSatisfy({ 0x21...0x7E ~= $0 && !#""<>\^`{|}"#.utf8.contains($0) }) else {
      throw fault("has a character that may not stand in an address")
    }
    if rest.contains("?") { throw fault("has a query") }
    if rest.contains("#") { throw fault("has a fragment") }
    let authority = rest.prefix { $0 != "/" }
    if authority.contains("@") {
      throw SettingFault(
        "has a user or password before the host", hint: "put the credential into adapter.credential.file")
    }
    guard let (host, port) = HostPort.split(authority), !host.isEmpty else {
      throw fault("has no proper host and port")
    }
    (self.host, self.port) = (host, port)
    var path = rest.dropFirst(authority.count)
    while path.last == "/" { path.removeLast() }
    self.path = String(path)
    if path.hasSuffix("/generate/token") {
      throw SettingFault("ends in /generate/token, which the worker adds itself", hint: "leave that part away")
    }
  }

  /// A placeholder until the table has read the real one.
  init() { (isSecure, host, port, path) = (true, "", nil, "") }

  /// Whether the adapter is on this machine.
  public var isLoopback: Bool { Loopback.contains(host) }

  /// The address of an operation, for instance `/generate/token`.
  public func appending(_ operation: String) -> String { description + operation }

  /// The address in its shortest form.
  public var description: String {
    let name = host.contains(":") ? "[\(host)]" : host
    return (isSecure ? "https://" : "http://") + name + (port.map { ":\($0)" } ?? "") + path
  }

  private static func end(of scheme: String, in text: String) -> String.Index? {
    text.lowercased().hasPrefix(scheme) ? text.index(text.startIndex, offsetBy: scheme.count) : nil
  }
}

/// `HOST`, `HOST:PORT`, `[IPv6]` and `[IPv6]:PORT`.
enum HostPort {
  /// The two parts, or nil where it is none of these. The host may be empty.
  static func split(_ text: some StringProtocol) -> (host: String, port: Int?)? {
    let host: String
    let rest: String
    if text.hasPrefix("[") {
      let inner = text.dropFirst().prefix { $0 != "]" }
      guard inner.contains(":"), inner.allSatisfy({ $0.isHexDigit || $0 == ":" || $0 == "." }) else { return nil }
      host = String(inner)
      rest = String(text.dropFirst(inner.count + 1))
      guard rest.hasPrefix("]") else { return nil }
      return port(in: rest.dropFirst()).map { (host, $0) }
    }
    host = String(text.prefix { $0 != ":" })
    rest = String(text.dropFirst(host.count))
    guard host.utf8.allSatisfy(isHostLetter) else { return nil }
    return port(in: rest).map { (host, $0) }
  }

  /// nil for what is no port, `.some(nil)` for none.
  private static func port(in text: some StringProtocol) -> Int?? {
    if text.isEmpty { return .some(nil) }
    let digits = text.dropFirst()
    guard text.hasPrefix(":"), (1...5).contains(digits.count), digits.utf8.allSatisfy({ 0x30...0x39 ~= $0 }),
      let port = Int(digits), (1...65_535).contains(port)
    else { return nil }
    return port
  }

  private static func isHostLetter(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"): true
    default: false
    }
  }
}
