extension StoreDirectory {
  /// The name that is kept here, or a new random one; `made` is told of a new one.
  ///
  /// What the file says otherwise than a name should be is replaced: the name only has to be the same from now on.
  func instanceName(made: (String) -> Void) throws(StoreFailure) -> String {
    if let bytes = try read("instance", limit: 128) {
      let name = bytes.prefix { $0 != 0x0A }
      if Self.isName(name) {
        return String(decoding: name, as: UTF8.self)
      }
    }
    let digits = String(UInt64.random(in: .min ... .max), radix: 16)
    let name = String(repeating: "0", count: 16 - digits.count) + digits
    try write(Array((name + "\n").utf8), to: "instance")
    made(name)
    return name
  }

  /// Whether these bytes can be a kept name.
  static func isName(_ name: some Collection<UInt8>) -> Bool {
    (1...64).contains(name.count) && name.allSatisfy(isNameByte)
  }

  private static func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
      true
    default: false
    }
  }
}
