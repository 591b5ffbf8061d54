public import LinkCore

/// How the adapter is called.
public struct AdapterClientSettings: Sendable {
  /// Where it is.
  public var endpoint: AdapterEndpoint
  /// The file that holds the bearer credential.
  public var credentialPath: String
  /// A PEM file of certificate authorities that replaces the system's; nil for the system's. Read for each new TLS context; used by
  /// `https` alone.
  public var caPath: String?
  /// Until the connection, TLS included, stands. 1 … 600 000; 2 000 unless given. What ends here was never sent.
  public var connectTimeout: Milliseconds
  /// Until the whole answer is there, connecting included. 1 … 3 600 000; 10 000 unless given. A call that ends here after it was sent
  /// counts as lost: too short a time makes calls ambiguous.
  public var totalTimeout: Milliseconds
  /// Calls on the way at the same time, which is also the limit of connections. 1 … 10 000; 256 unless given.
  public var concurrency: Int
  /// Calls that may wait for one of those; a call beyond is answered `unsent` at once. 0 … 1 000 000; 4 096 unless given.
  public var waitingLimit: Int
  /// Bytes of an answer's body; a longer one is lost. 1 … 16 MiB; 64 KiB unless given.
  public var answerLimit: Int

  /// Settings; the defaults stand with each field.
  public init(
    endpoint: AdapterEndpoint, credentialPath: String, caPath: String? = nil, connectTimeout: Milliseconds = 2_000,
    totalTimeout: Milliseconds = 10_000, concurrency: Int = 256, waitingLimit: Int = 4_096,
    answerLimit: Int = 64 * 1024
  ) {
    self.endpoint = endpoint
    self.credentialPath = credentialPath
    self.caPath = caPath
    self.connectTimeout = connectTimeout
    self.totalTimeout = totalTimeout
    self.concurrency = concurrency
    self.waitingLimit = waitingLimit
    self.answerLimit = answerLimit
  }

  /// Throws the first setting that is out of its range, or the certificate file that cannot be used.
  public func check() throws(AdapterClientFailure) {
    try inRange(connectTimeout, 1...600_000, "the connect timeout, milliseconds")
    try inRange(totalTimeout, 1...3_600_000, "the total timeout, milliseconds")
    try inRange(Int64(concurrency), 1...10_000, "the concurrency")
    try inRange(Int64(waitingLimit), 0...1_000_000, "the limit of waiting calls")
    try inRange(Int64(answerLimit), 1...(16 * 1024 * 1024), "the limit of an answer, bytes")
    if let caPath { try CertificateFile.check(caPath) }
  }

  private func inRange(_ value: Int64, _ range: ClosedRange<Int64>, _ name: String) throws(AdapterClientFailure) {
    guard !range.contains(value) else { return }
    throw AdapterClientFailure(
      operation: "set the adapter client up", subject: name, problem: "\(value) is out of range",
      hint: "a number from \(range.lowerBound) to \(range.upperBound)")
  }
}
