import LinkCore
import LinkCrypto
import Testing

@Suite("What tokens are made of")
struct TokenPrimitivesTests {
  @Test("HMAC-SHA-256 gives the codes of RFC 4231, also for a key longer than a block")
  func hmac() {
    let short = hmacSHA256(Array("what do ya want for nothing?".utf8), key: Secret(Array("Jefe".utf8)))
    #expect(short.description == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
    let text = Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8)
    let long = hmacSHA256(text, key: Secret([UInt8](repeating: 0xAA, count: 131)))
    #expect(long.description == "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54")
  }

  @Test(
    "Base64url writes and reads RFC 4648's examples without padding",
    arguments: [
      ("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("fooba", "Zm9vYmE"),
      ("foobar", "Zm9vYmFy"),
    ])
  func base64(_ plain: String, _ written: String) {
    #expect(Base64URL.encode(Array(plain.utf8)) == Array(written.utf8))
    #expect(Base64URL.decode(Array(written.utf8)) == Array(plain.utf8))
  }

  @Test("Its alphabet is that of URLs, and every byte comes back")
  func alphabet() {
    #expect(Base64URL.encode([0xFB, 0xFF]) == Array("-_8".utf8))
    let bytes = (0...255).map { UInt8($0) }
    #expect(Base64URL.decode(Base64URL.encode(bytes)) == bytes)
  }

  @Test(
    "Padding, other characters, impossible lengths and leftover bits are refused",
    arguments: ["Zg==", "Zg=", "Z", "Zm9vY", "Zh", "Zm9", "a+b/", "Z g", "Zg\n"])
  func bad(_ text: String) {
    #expect(Base64URL.decode(Array(text.utf8)) == nil)
  }

  @Test("Two byte strings are equal in constant time when all their bytes are")
  func constantTime() {
    #expect(equalInConstantTime([1, 2], [1, 2]))
    for other: [UInt8] in [[], [1], [1, 3], [2, 2], [1, 2, 3]] { #expect(!equalInConstantTime([1, 2], other)) }
  }
}
