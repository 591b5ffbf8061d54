import LinkCrypto
import LinkTestSupport
import Testing

@Suite("What a certificate says of itself")
struct CertificateFactsTests {
  @Test("is its subject, as Kafka names its principal, and how long it is valid, also behind a key")
  func facts() throws {
    let certificates = try Certificates(
      "authority ca; sign worker ca 30 DNS:worker; cat worker.key worker.pem > both; sign old ca -1 DNS:old; "
        + "openssl req -x509 -new -key ca.key -subj '/O=Northwind, Ltd/CN=Zoë' -utf8 -days 3 -out named.pem")
    for file in ["worker.pem", "both"] {
      let facts = try #require(CertificateFacts(pem: Scratch.bytes(of: certificates[file])))
      #expect(facts.subject == "CN=worker")
      #expect((29...30).contains(facts.secondsLeft / 86_400) && facts.secondsToBegin <= 0)
    }
    #expect(try #require(CertificateFacts(pem: Scratch.bytes(of: certificates["old.pem"]))).secondsLeft < 0)
    let named = try #require(CertificateFacts(pem: Scratch.bytes(of: certificates["named.pem"])))
    #expect(named.subject == #"CN=Zoë,O=Northwind\, Ltd"#)
    #expect(CertificateFacts(pem: Scratch.bytes(of: certificates["worker.key"])) == nil)
    #expect(CertificateFacts(pem: []) == nil)
  }
}
