/// What a person wants of a command: the headings of the overview, in this order.
enum CommandGroup: String, Sendable, CaseIterable {
  /// The worker itself.
  case serve
  /// Without a cluster, or without the adapter.
  case tryOut = "try-out"
  /// Requests to the worker.
  case requests
  /// Preparing and looking after a fleet.
  case operate
  /// The program itself.
  case program

  /// As the overview writes it.
  var title: String {
    switch self {
    case .serve: "run the worker"
    case .tryOut: "try it out"
    case .requests: "requests"
    case .operate: "set up and operate"
    case .program: "the program itself"
    }
  }
}
