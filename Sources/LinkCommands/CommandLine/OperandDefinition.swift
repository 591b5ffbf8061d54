/// What a command takes besides options.
struct OperandDefinition: Hashable, Sendable {
  /// What it is called in the help, for instance `FILE`; where a lone dash stands for standard input, `FILE|-`.
  var name: String
  /// Whether it may be left out. None that must be there follows one that may not.
  var isOptional = false
  /// Whether more of its kind may follow. Only the last one may.
  var isRepeatable = false

  /// An operand that must be there.
  static func required(_ name: String) -> OperandDefinition { OperandDefinition(name: name) }

  /// An operand that may be left out.
  static func optional(_ name: String) -> OperandDefinition { OperandDefinition(name: name, isOptional: true) }

  /// As many operands of this kind as one likes, none among it.
  static func any(_ name: String) -> OperandDefinition {
    OperandDefinition(name: name, isOptional: true, isRepeatable: true)
  }

  /// As the help writes it.
  var usage: String {
    let name = isRepeatable ? name + "…" : name
    return isOptional ? "[\(name)]" : name
  }
}
