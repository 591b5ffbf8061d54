extension Scenario {
  /// What the worker relies on of compacted logs.
  static let compactions: [Scenario] = [
    Scenario(
      "Of each key the last record survives, offsets have gaps, and tombstones stay",
      [
        .write(.state0, [Item(1, 1), Item(2, 1), Item(1, 2)]), .write(.state0, [Item(3, 1)]),
        .write(.state0, [Item(2, nil), Item(3, 2), Item(1, 3)]), .compact([Item(101, 1)]), .read(.state0, from: 0),
        .read(.state0, from: 2), .read(.state0, from: 4), .read(.state0, from: 5), .write(.state0, [Item(3, 3)]),
        .compact([Item(102, 1)]), .read(.state0, from: 5), .read(.state0, from: 6),
      ], settings: Settings(isCompacted: true)),
    Scenario(
      "Records of aborted transactions go, those of committed ones are like any others, and markers leave gaps",
      [
        .initialise(0), .add(Life(0), [.state0]), .produce(Life(0), .state0, [Item(1, 1), Item(2, 1)], request: 1),
        .end(Life(0), commit: true), .add(Life(0), [.state0]),
        .produce(Life(0), .state0, [Item(1, 2), Item(3, 2)], request: 2), .end(Life(0), commit: false),
        .add(Life(0), [.state0]), .produce(Life(0), .state0, [Item(2, 3)], request: 3), .end(Life(0), commit: true),
        .compact([Item(103, 1)]), .read(.state0, from: 1), .read(.state0, from: 2), .read(.state0, from: 5),
      ], settings: Settings(isCompacted: true)),
    Scenario(
      "A log that ends in a marker is read to its end, compacted or not",
      [
        .write(.state0, [Item(1, 1), Item(1, 2)]), .compact([Item(104, 1)]), .initialise(0), .add(Life(0), [.state0]),
        .produce(Life(0), .state0, [Item(1, 3)], request: 1), .end(Life(0), commit: false), .read(.state0, from: 3),
        .add(Life(0), [.state0]), .produce(Life(0), .state0, [Item(1, 4)], request: 2), .end(Life(0), commit: true),
        .read(.state0, from: 3), .read(.state0, from: 6),
      ], settings: Settings(isCompacted: true)),
    Scenario(
      "What is open is not compacted, nor does it displace what stands before it",
      [
        .write(.state0, [Item(1, 1), Item(1, 2), Item(2, 1)]), .compact([Item(105, 1)]), .initialise(0),
        .add(Life(0), [.state0]),
        .produce(Life(0), .state0, [Item(1, 3), Item(2, 2)], request: 1), .compact([Item(106, 1)]),
        .end(Life(0), commit: true),
        .compact([Item(107, 1)]),
      ], settings: Settings(isCompacted: true)),
    Scenario(
      "What is aborted displaces nothing",
      [
        .initialise(0), .write(.state0, [Item(1, 1), Item(2, 1)]), .add(Life(0), [.state0]),
        .produce(Life(0), .state0, [Item(1, 2), Item(2, nil)], request: 1), .end(Life(0), commit: false),
        .compact([Item(108, 1)]),
        .compact([Item(109, 1)]),
      ], settings: Settings(isCompacted: true)),
    Scenario(
      "Tombstones go once their time is over",
      [
        .write(.state0, [Item(1, 1), Item(2, 1), Item(1, nil), Item(3, 1)]), .compact([Item(201, 1), Item(202, 1)]),
        .read(.state0, from: 0), .read(.state0, from: 2),
      ], settings: Settings(tombstonesGo: true, isCompacted: true)),
  ]
}
