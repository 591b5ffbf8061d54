extension Scenario {
  /// What the worker relies on of the group and its offsets.
  static let groups: [Scenario] = [
    Scenario(
      "Each change of the members is a generation, which all of them have to join",
      [
        .arrive(0), .beat(Life(0)), .arrive(1), .beat(Life(0)), .rejoin([Life(0)]), .beat(Life(0)), .beat(Life(1)),
        .arrive(2), .rejoin([Life(1)]), .rejoin([Life(0)]), .leave(Life(1)), .beat(Life(1)), .beat(Life(2)),
        .rejoin([Life(0), Life(2)]), .leave(Life(0)), .leave(Life(2)), .beat(Life(2)), .arrive(1), .beat(Life(1, 2)),
      ]),
    Scenario(
      "Offsets of a stale generation are refused, the same offset again, too, and the producer stays usable",
      [
        .initialise(0), .arrive(0), .sendOffsets(Life(0), of: Life(0), [0: 5]), .end(Life(0), commit: true), .arrive(1),
        .rejoin([Life(0)]), .sendOffsets(Life(0), of: Life(0), [0: 5], age: 1),
        .sendOffsets(Life(0), of: Life(0), [0: 6], age: 1), .end(Life(0), commit: false), .add(Life(0), [.state0]),
        .produce(Life(0), .state0, [Item(1, 1)], request: 1), .sendOffsets(Life(0), of: Life(0), [0: 6]),
        .end(Life(0), commit: true),
      ]),
    Scenario(
      "A refused fence holds no offset, but its transaction is open and can still be committed",
      [
        .initialise(0), .arrive(0), .arrive(1), .rejoin([Life(0)]), .add(Life(0), [.state0]),
        .produce(Life(0), .state0, [Item(1, 1)], request: 1), .sendOffsets(Life(0), of: Life(0), [0: 9], age: 1),
        .end(Life(0), commit: true),
      ]),
    Scenario(
      "Offsets of a member that has left are refused, in whatever generation",
      [
        .initialise(0), .arrive(0), .arrive(1), .rejoin([Life(0)]), .leave(Life(1)),
        .sendOffsets(Life(0), of: Life(1), [0: 1]), .end(Life(0), commit: false), .rejoin([Life(0)]),
        .sendOffsets(Life(0), of: Life(1), [0: 1]), .end(Life(0), commit: false), .leave(Life(0)),
        .sendOffsets(Life(0), of: Life(0), [0: 1]), .sendOffsets(Life(0), of: Life(1), [0: 1]),
        .end(Life(0), commit: false),
      ]),
    Scenario(
      "Offsets of a member whose session has ended are refused",
      [
        .initialise(0), .arrive(0), .arrive(1), .rejoin([Life(0)]), .add(Life(0), [.state0]),
        .produce(Life(0), .state0, [Item(1, 1)], request: 1), .expire(Life(1)),
        .sendOffsets(Life(0), of: Life(1), [1: 4]), .end(Life(0), commit: false), .beat(Life(1)), .beat(Life(0)),
        .rejoin([Life(0)]), .sendOffsets(Life(0), of: Life(1), [1: 4]), .end(Life(0), commit: false), .arrive(1),
        .rejoin([Life(0)]), .sendOffsets(Life(0), of: Life(1, 2), [1: 4]), .end(Life(0), commit: true),
      ], settings: Settings(mortals: [1])),
    Scenario(
      "Until the next generation begins, the last one's offsets are taken",
      [
        .initialise(0), .arrive(0), .arrive(1), .sendOffsets(Life(0), of: Life(0), [0: 2]), .end(Life(0), commit: true),
        .rejoin([Life(0)]), .leave(Life(1)), .sendOffsets(Life(0), of: Life(0), [0: 3]), .end(Life(0), commit: true),
      ]),
    Scenario(
      "A fresh generation is all that is asked for: a partition of another member is accepted, and an offset may go back",
      [
        .initialise(0), .initialise(1), .arrive(0), .arrive(1), .rejoin([Life(0)]),
        .sendOffsets(Life(0), of: Life(0), [0: 5, 1: 5]), .end(Life(0), commit: true),
        .sendOffsets(Life(1), of: Life(1), [0: 4, 1: 6]), .end(Life(1), commit: true),
        .sendOffsets(Life(1), of: Life(1), [0: 4]), .end(Life(1), commit: true),
      ]),
    Scenario(
      "Pending offsets are unstable, and read_uncommitted clients are told the old ones",
      [
        .initialise(0), .initialise(1), .arrive(0), .sendOffsets(Life(0), of: Life(0), [0: 5]),
        .sendOffsets(Life(1), of: Life(0), [0: 6, 1: 1]), .end(Life(0), commit: true),
        .end(Life(1), commit: false), .sendOffsets(Life(0), of: Life(0), [0: 7]),
        .sendOffsets(Life(0), of: Life(0), [0: 8]), .end(Life(0), commit: true),
        .sendOffsets(Life(1), of: Life(0), [1: 1]), .initialise(1),
      ]),
    Scenario(
      "A member that leaves with its transaction open leaves its offsets pending",
      [
        .initialise(0), .arrive(0), .sendOffsets(Life(0), of: Life(0), [0: 5]), .leave(Life(0)), .arrive(1),
        .end(Life(0), commit: true), .sendOffsets(Life(0), of: Life(1), [0: 6]), .end(Life(0), commit: true),
      ]),
    Scenario(
      "A static member that comes back has what it had, and the one it replaces is refused",
      [
        .initialise(0), .arrive(0), .arrive(1), .rejoin([Life(0)]), .arrive(1),
        .sendOffsets(Life(0), of: Life(1), [1: 1]), .end(Life(0), commit: false), .beat(Life(1)), .beat(Life(0)),
        .beat(Life(1, 2)), .sendOffsets(Life(0), of: Life(1, 2), [1: 2]), .end(Life(0), commit: true), .arrive(0),
        .beat(Life(0)), .sendOffsets(Life(0), of: Life(0), [0: 1]), .sendOffsets(Life(0), of: Life(0, 2), [0: 2]),
        .end(Life(0), commit: true),
      ], settings: Settings(statics: [0, 1])),
    Scenario(
      "A static member that comes back during a rebalance joins it",
      [
        .initialise(0), .arrive(0), .arrive(1), .rejoin([Life(0)]), .arrive(2), .arrive(1), .rejoin([Life(0)]),
        .sendOffsets(Life(0), of: Life(1), [1: 1]), .sendOffsets(Life(0), of: Life(1, 2), [1: 2]),
        .end(Life(0), commit: true), .beat(Life(1)),
      ], settings: Settings(statics: [1])),
    Scenario(
      "A replaced static member whose successor's session has ended is unknown",
      [
        .initialise(0), .arrive(0), .arrive(1), .rejoin([Life(0)]), .arrive(1), .beat(Life(1)), .expire(Life(1, 2)),
        .beat(Life(1)), .sendOffsets(Life(0), of: Life(1), [1: 1]), .sendOffsets(Life(0), of: Life(1, 2), [1: 1]),
        .end(Life(0), commit: false), .rejoin([Life(0)]), .beat(Life(1)), .arrive(1), .rejoin([Life(0)]),
        .beat(Life(1)), .beat(Life(1, 2)), .sendOffsets(Life(0), of: Life(1), [1: 1]),
        .sendOffsets(Life(0), of: Life(1, 3), [1: 1]), .end(Life(0), commit: true),
      ], settings: Settings(mortals: [1], statics: [1])),
    Scenario(
      "A replaced static member is refused under its old id, and without one it replaces its successor",
      [
        .arrive(0), .arrive(1), .rejoin([Life(0)]), .arrive(1), .rejoin([Life(1)]), .beat(Life(1, 2)), .arrive(1),
        .beat(Life(1, 2)), .beat(Life(1, 3)),
      ], settings: Settings(statics: [1])),
    Scenario(
      "A static member that waits for a generation and is replaced is told so",
      [
        .arrive(0), .arrive(1), .rejoin([Life(0)]), .arrive(2), .rejoin([Life(1)]), .arrive(1), .rejoin([Life(0)]),
      ], settings: Settings(statics: [1])),
    Scenario(
      "A member whom the group has forgotten is a newcomer",
      [
        .initialise(0), .arrive(0), .arrive(1), .rejoin([Life(0)]), .expire(Life(1)), .rejoin([Life(0)]),
        .rejoin([Life(1)]), .rejoin([Life(0)]), .beat(Life(1)), .sendOffsets(Life(0), of: Life(1), [0: 1]),
        .end(Life(0), commit: true),
      ], settings: Settings(mortals: [1])),
    Scenario(
      "With the requests topic the group's offsets go",
      [
        .initialise(0), .arrive(0), .write(.requests0, [Item(1, 1), Item(2, 1)]),
        .sendOffsets(Life(0), of: Life(0), [0: 2, 1: 0]), .end(Life(0), commit: true), .makeAnew, .initialise(0),
        .write(.requests0, [Item(3, 1)]), .sendOffsets(Life(0, 2), of: Life(0), [0: 1]), .end(Life(0, 2), commit: true),
      ]),
    Scenario(
      "A rebalance that waits no longer drops members that have not rejoined",
      [
        .initialise(0), .arrive(0), .arrive(1), .rejoin([Life(0)]), .arrive(2), .rejoin([Life(0)]), .giveUpWaiting,
        .beat(Life(0)), .beat(Life(1)), .sendOffsets(Life(0), of: Life(1), [1: 1]),
        .sendOffsets(Life(0), of: Life(2), [1: 2]), .end(Life(0), commit: true),
      ], settings: Settings(rebalancesGiveUp: true)),
    Scenario(
      "A rebalance that waits no longer keeps static members that have not rejoined",
      [
        .initialise(0), .arrive(0), .arrive(1), .rejoin([Life(0)]), .arrive(2), .rejoin([Life(0)]), .giveUpWaiting,
        .beat(Life(0)), .beat(Life(1)), .sendOffsets(Life(0), of: Life(1), [1: 1]),
        .sendOffsets(Life(0), of: Life(2), [1: 2]), .end(Life(0), commit: true), .rejoin([Life(1)]), .beat(Life(1)),
        .sendOffsets(Life(0), of: Life(1), [1: 3]), .end(Life(0), commit: true),
      ], settings: Settings(rebalancesGiveUp: true, statics: [1])),
  ]
}
