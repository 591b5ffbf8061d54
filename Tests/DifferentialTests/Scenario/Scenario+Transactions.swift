extension Scenario {
  /// What the worker relies on of transactions.
  static let transactions: [Scenario] = [
    Scenario(
      "A transaction is visible once it is committed, and its marker takes an offset",
      [
        .initialise(0), .add(Life(0), [.state0, .outcomes]), .produce(Life(0), .state0, [Item(1, 1)], request: 1),
        .produce(Life(0), .outcomes, [Item(1, 1), Item(2, 2)], request: 2), .write(.state0, [Item(9, 9)]),
        .end(Life(0), commit: true), .read(.state0, from: 1), .read(.state0, from: 2), .read(.state0, from: 3),
      ]),
    Scenario(
      "An aborted transaction is never visible, and its producer goes on",
      [
        .initialise(0), .add(Life(0), [.state0]), .produce(Life(0), .state0, [Item(1, 1), Item(2, 1)], request: 1),
        .end(Life(0), commit: false), .write(.state0, [Item(3, 1)]), .add(Life(0), [.state0]),
        .produce(Life(0), .state0, [Item(1, 2)], request: 2), .end(Life(0), commit: true), .read(.state0, from: 0),
      ]),
    Scenario(
      "The first open transaction holds the last stable offset, whoever commits behind it",
      [
        .initialise(0), .initialise(1), .add(Life(0), [.state0]), .add(Life(1), [.state0, .state1]),
        .write(.state0, [Item(1, 1)]), .produce(Life(1), .state0, [Item(2, 1)], request: 1),
        .produce(Life(0), .state0, [Item(3, 1)], request: 1), .produce(Life(1), .state0, [Item(4, 1)], request: 2),
        .end(Life(0), commit: true), .write(.state0, [Item(5, 1)]), .end(Life(1), commit: false),
      ]),
    Scenario(
      "An initialisation ends what is open, and fences the life before",
      [
        .arrive(0), .initialise(0), .add(Life(0), [.state0, .outcomes]),
        .produce(Life(0), .state0, [Item(1, 1)], request: 1), .sendOffsets(Life(0), of: Life(0), [0: 5]),
        .initialise(0),
        .end(Life(0), commit: true), .end(Life(0), commit: false), .add(Life(0), [.state0]),
        .produce(Life(0), .state0, [Item(1, 2)], request: 2), .sendOffsets(Life(0), of: Life(0), [0: 6]),
        .add(Life(0, 2), [.state0]), .produce(Life(0, 2), .state0, [Item(1, 3)], request: 1),
        .produce(Life(0), .state0, [Item(1, 4)], request: 3), .end(Life(0), commit: false),
        .end(Life(0, 2), commit: true),
      ]),
    Scenario(
      "An initialisation where nothing is open fences the life before, too",
      [
        .initialise(0), .initialise(0), .add(Life(0), [.state0]), .add(Life(0, 2), [.state0]),
        .produce(Life(0, 2), .state0, [Item(1, 1)], request: 1), .end(Life(0, 2), commit: true), .initialise(0),
        .end(Life(0, 2), commit: true), .end(Life(0, 3), commit: true),
      ]),
    Scenario(
      "An end that is asked for again is harmless, the other end is refused, and so is one of nothing",
      [
        .initialise(0), .end(Life(0), commit: true), .end(Life(0), commit: false), .add(Life(0), [.state0]),
        .produce(Life(0), .state0, [Item(1, 1)], request: 1), .end(Life(0), commit: true),
        .end(Life(0), commit: true), .end(Life(0), commit: false), .add(Life(0), [.state0]),
        .produce(Life(0), .state0, [Item(1, 2)], request: 2), .end(Life(0), commit: false),
        .end(Life(0), commit: false), .end(Life(0), commit: true),
      ]),
    Scenario(
      "An end of the last transaction that comes late ends the next one: the offsets move, the records are gone",
      [
        .arrive(0), .initialise(0), .add(Life(0), [.state0]), .produce(Life(0), .state0, [Item(1, 1)], request: 1),
        .end(Life(0), commit: false), .add(Life(0), [.state0, .outcomes]),
        .produce(Life(0), .state0, [Item(2, 1)], request: 2), .produce(Life(0), .outcomes, [Item(2, 1)], request: 3),
        .end(Life(0), commit: false), .sendOffsets(Life(0), of: Life(0), [0: 7]), .end(Life(0), commit: true),
      ]),
    Scenario(
      "A commit of the last transaction that comes late commits half of the next one",
      [
        .arrive(0), .initialise(0), .add(Life(0), [.state0]), .produce(Life(0), .state0, [Item(1, 1)], request: 1),
        .end(Life(0), commit: true), .add(Life(0), [.state0, .outcomes]),
        .produce(Life(0), .outcomes, [Item(2, 1)], request: 2), .end(Life(0), commit: true),
        .produce(Life(0), .state0, [Item(2, 1)], request: 3), .sendOffsets(Life(0), of: Life(0), [0: 7]),
        .end(Life(0), commit: false),
      ]),
    Scenario(
      "Produce is refused outside of a transaction, and in a partition that was not added",
      [
        .initialise(0), .produce(Life(0), .state0, [Item(1, 1)], request: 1), .add(Life(0), [.state0]),
        .produce(Life(0), .state1, [Item(1, 1)], request: 2), .produce(Life(0), .state0, [Item(1, 1)], request: 3),
        .end(Life(0), commit: true), .produce(Life(0), .state0, [Item(2, 1)], request: 4), .add(Life(0), [.state1]),
        .produce(Life(0), .state0, [Item(2, 1)], request: 5), .end(Life(0), commit: false),
      ]),
    Scenario(
      "A produce request that is sent again in its transaction counts once",
      [
        .initialise(0), .add(Life(0), [.state0]), .produce(Life(0), .state0, [Item(1, 1), Item(2, 1)], request: 1),
        .produce(Life(0), .state0, [Item(1, 1), Item(2, 1)], request: 1),
        .produce(Life(0), .state0, [Item(3, 1)], request: 2),
        .produce(Life(0), .state0, [Item(1, 1), Item(2, 1)], request: 1),
        .end(Life(0), commit: true),
      ]),
    Scenario(
      "A partition that was added and not written to has a marker all the same",
      [
        .initialise(0), .add(Life(0), [.state0, .state1]), .add(Life(0), [.state0, .outcomes]),
        .produce(Life(0), .outcomes, [Item(1, 1)], request: 1), .end(Life(0), commit: true),
      ]),
    Scenario(
      "A transaction that times out is aborted, and its producer fenced",
      [
        .arrive(0), .initialise(0), .add(Life(0), [.state0]), .produce(Life(0), .state0, [Item(1, 1)], request: 1),
        .sendOffsets(Life(0), of: Life(0), [0: 3]), .timeOut, .end(Life(0), commit: true), .add(Life(0), [.state0]),
        .produce(Life(0), .state0, [Item(1, 2)], request: 2), .sendOffsets(Life(0), of: Life(0), [0: 4]),
        .initialise(0), .add(Life(0, 2), [.state0]), .produce(Life(0, 2), .state0, [Item(1, 3)], request: 1),
        .end(Life(0), commit: false), .end(Life(0, 2), commit: true),
      ], settings: Settings(transactionsTimeOut: true)),
  ]
}
