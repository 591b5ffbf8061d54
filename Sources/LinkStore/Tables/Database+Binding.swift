extension Database {
  /// The fields of the binding that is kept; none in a store that is not bound yet.
  func binding() throws(StoreFailure) -> [String] {
    try prepare("SELECT text FROM binding ORDER BY id", for: "read the binding").all { row in
      String(decoding: row.bytes(0), as: UTF8.self)
    }
  }

  /// Keeps a binding in place of any other.
  func bind(_ fields: [String]) throws(StoreFailure) {
    try execute("DELETE FROM binding", for: "bind the store")
    let insert = try prepare("INSERT INTO binding (text) VALUES (?1)", for: "bind the store")
    for field in fields { try insert.run(.bytes(Array(field.utf8))) }
  }
}

extension StoreBinding {
  /// Its fields, in the order in which they are kept.
  var fields: [String] { [clusterID, requestsTopic, stateTopic, group] }
}
