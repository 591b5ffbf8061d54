import LinkCore

extension AdapterAnswer {
  /// The answer without the worker's own credential, should the adapter repeat it in its error text: that text travels to operators.
  ///
  /// Here, because nobody behind the client knows the credential. What is no error is left as it came: a token must not change.
  func withoutCredential(_ credential: Secret) -> AdapterAnswer {
    guard case .response(let status, let body, let retryAfter) = self,
      case .error(let errmsg?) = AdapterReply.parse(body)
    else { return self }
    let clean = EventError.redacted(errmsg, secrets: [credential])
    guard clean != errmsg else { return self }
    var json = JSONWriter()
    json.beginObject()
    json.name("s")
    json.string("error" as Text)
    json.name("errmsg")
    json.string(clean)
    json.endObject()
    return .response(status: status, body: Secret(json.bytes), retryAfter: retryAfter)
  }
}
