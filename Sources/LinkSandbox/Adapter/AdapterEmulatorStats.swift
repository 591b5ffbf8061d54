public import LinkCore

/// What an adapter emulator has counted since its start or its last reset.
public struct AdapterEmulatorStats: Equatable, Sendable {
  /// Calls of `/generate/token` that passed every check of method, credential and body.
  public var calls = 0
  /// Answers of `/generate/token` by status, those to calls that did not pass included; 0 counts withheld answers.
  public var answersByStatus: [Int: Int] = [:]
  /// The same answers by what they were.
  public var answersByClass: [EmulatorAnswerClass: Int] = [:]
  /// Tokens made, those that nobody got included.
  public var tokens = 0
  /// Users that called.
  public var users = 0
  /// Calls on the way now: whole received, and not yet answered. A call that its client gave up counts until its time to be answered.
  public var concurrent = 0
  /// The most of them at the same time.
  public var concurrentMost = 0
  /// The most of one user at the same time: more than 1 breaks the promise that a worker calls a user once at a time (two workers, or a
  /// client that gave up before the emulator's latency, may rightly break it).
  public var concurrentMostOfOneUser = 0
  /// Calls of users beyond the limit of users.
  public var uncountedCalls = 0

  /// Nothing counted.
  public init() {}
}

/// What an adapter emulator has counted of one user.
public struct AdapterEmulatorUser: Equatable, Sendable {
  /// The cTID.
  public var userId: Int64
  /// Calls that passed every check.
  public var calls: Int
  /// Tokens made.
  public var tokens: Int
  /// The most calls at the same time.
  public var concurrentMost: Int
  /// Calls by the SHA-256 of their body: what was asked for. The first thousand different ones.
  public var callsByBody: [Digest: Int]
  /// Calls by their `traceparent`, where they had one. The first thousand different ones.
  public var callsByTraceparent: [String: Int]
}
