extension LinkScope {
  /// SHA-256 over an unambiguous form of what would be granted: two requests of one link with different fingerprints are in conflict.
  ///
  /// The form: a name and version of itself, `userId`, the broker names sorted by bytes, the accounts sorted or *all*, `isVerified` or
  /// its absence. Counts and lengths stand before what they count, integers are big-endian, so that no two scopes share a form.
  /// It is on disk and in Kafka for as long as links are kept: it never changes under this name.
  public func fingerprint(userId: Int64, sha256: SHA256Function) -> Digest {
    var form = BinaryWriter(capacity: 256)
    form.string("linkworker/fingerprint/1")
    form.integer(userId)
    form.count(brokerNames.count)
    for name in brokerNames.sorted() { form.bytes(name.utf8) }
    switch accounts {
    case .all: form.byte(0)
    case .some(let ids):
      form.byte(1)
      form.count(ids.count)
      for id in ids.sorted() { form.integer(id) }
    }
    switch isVerified {
    case nil: form.byte(0)
    case false?: form.byte(1)
    case true?: form.byte(2)
    }
    return sha256(form.bytes)
  }
}

extension LinkRequest {
  /// The fingerprint of what it would grant.
  public func fingerprint(sha256: SHA256Function) -> Digest { scope.fingerprint(userId: userId, sha256: sha256) }

  /// The body of `POST /generate/token`: names byte for byte with the required escapes only, `ctidTraderAccountIds` only where a list was
  /// asked for (an absent key means every account to the adapter, promise P6), `isVerified` only where it was said.
  public func adapterBody() -> [UInt8] {
    var json = JSONWriter(capacity: 256)
    json.beginObject()
    json.name("userId")
    json.integer(userId)
    json.name("brokerNames")
    json.beginArray()
    for name in scope.brokerNames { json.string(name) }
    json.endArray()
    if case .some(let ids) = scope.accounts {
      json.name("ctidTraderAccountIds")
      json.beginArray()
      for id in ids { json.integer(id) }
      json.endArray()
    }
    if let isVerified = scope.isVerified {
      json.name("isVerified")
      json.boolean(isVerified)
    }
    json.endObject()
    return json.bytes
  }
}

extension SourceRecord {
  /// SHA-256 of the whole record: key, value and headers, each with its length or its absence before it, `linkworker.moved-from` aside.
  /// A mark matches only a record of the same digest.
  public func digest(sha256: SHA256Function) -> Digest {
    var form = BinaryWriter(capacity: size + 64 + headers.count * 10)
    form.string("linkworker/record/1")
    form.optional(key)
    form.optional(value)
    for header in headers where !header.isMovedFrom {
      form.bytes(header.name)
      form.optional(header.value)
    }
    return sha256(form.bytes)
  }
}
