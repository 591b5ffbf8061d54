import CCurl
import Glibc
import LinkCore

/// The client's thread: starts calls as there is room, lets libcurl drive them, and answers.
struct CallLoop {
  private let settings: AdapterClientSettings
  private let mailbox: CallMailbox
  private let onFault: @Sendable (AdapterClientFailure) -> Void
  private let onCredentialChange: @Sendable () -> Void
  private var credential: CredentialFile
  private var waiting = CallQueue()
  /// Handles at rest, the last used on top; and those of calls on the way, by their pointer.
  private var resting: [CallHandle] = []
  private var running: [UnsafeMutableRawPointer: CallHandle] = [:]

  init(
    settings: AdapterClientSettings, credential: CredentialFile, mailbox: CallMailbox,
    onFault: @escaping @Sendable (AdapterClientFailure) -> Void, onCredentialChange: @escaping @Sendable () -> Void
  ) {
    self.settings = settings
    self.credential = credential
    self.mailbox = mailbox
    self.onFault = onFault
    self.onCredentialChange = onCredentialChange
  }

  /// Works until the mailbox says stop.
  mutating func run() {
    while true {
      let mail = mailbox.take()
      enqueue(mail.calls)
      if mail.isStopping { return finish() }
      if mail.wantsReload {
        credential.forceReload()
        _ = currentCredential()
      }
      startWaiting()
      drive()
      answerEnded()
      // An answer makes room: what waits starts before the next wait.
      if waiting.isEmpty || running.count >= settings.concurrency { pause() }
    }
  }

  private mutating func enqueue(_ calls: [AdapterCall]) {
    let room = settings.waitingLimit + settings.concurrency - running.count - waiting.count
    for call in calls.prefix(max(0, room)) { waiting.append(call) }
    for call in calls.dropFirst(max(0, room)) {
      mailbox.answer(call.id, .unsent(reason: "more calls wait for the adapter than the limit allows"))
    }
  }

  private mutating func currentCredential() -> Secret {
    let generation = credential.generation
    let secret = credential.current(onFault: onFault)
    if credential.generation != generation { onCredentialChange() }
    return secret
  }

  private mutating func startWaiting() {
    guard !waiting.isEmpty, running.count < settings.concurrency else { return }
    let secret = currentCredential()
    while running.count < settings.concurrency, let call = waiting.next() {
      guard let handle = resting.popLast() ?? CallHandle(settings: settings) else {
        mailbox.answer(call.id, .unsent(reason: "libcurl gives no handle: out of memory"))
        continue
      }
      guard handle.begin(call, credential: secret, generation: credential.generation) else {
        mailbox.answer(call.id, .unsent(reason: "the request could not be built: out of memory"))
        continue
      }
      let code = curl_multi_add_handle(mailbox.multi.pointer, handle.easy)
      guard code == CURLM_OK else {
        mailbox.answer(call.id, .unsent(reason: "libcurl: " + String(cString: curl_multi_strerror(code))))
        continue
      }
      running[handle.easy] = handle
    }
  }

  private func drive() {
    var count: Int32 = 0
    let code = curl_multi_perform(mailbox.multi.pointer, &count)
    if code != CURLM_OK { report(code, "drive the calls of the adapter") }
  }

  private mutating func answerEnded() {
    var left: Int32 = 0
    while let message = curl_multi_info_read(mailbox.multi.pointer, &left) {
      guard message.pointee.msg == CURLMSG_DONE, let easy = message.pointee.easy_handle else { continue }
      // The message lives in the handle: read it before the handle leaves.
      let code = message.pointee.data.result
      guard let handle = running.removeValue(forKey: easy) else { continue }
      end(handle, code)
    }
  }

  private mutating func end(_ handle: CallHandle, _ code: CURLcode) {
    let id = handle.callID
    let answer = handle.end(code)
    curl_multi_remove_handle(mailbox.multi.pointer, handle.easy)
    resting.append(handle)
    mailbox.answer(id, answer)
  }

  private func pause() {
    // libcurl ends the wait earlier where one of its own timers is due.
    let code = curl_multi_poll(mailbox.multi.pointer, nil, 0, 60_000, nil)
    guard code != CURLM_OK else { return }
    report(code, "wait for the adapter")
    // It failed at once: without a pause this would be a busy loop.
    poll(nil, 0, 10)
  }

  private func report(_ code: CURLMcode, _ operation: String) {
    onFault(
      AdapterClientFailure(
        operation: operation, subject: "libcurl", problem: String(cString: curl_multi_strerror(code)),
        hint: "freeing memory and file descriptors"))
  }

  private mutating func finish() {
    while let call = waiting.next() {
      mailbox.answer(call.id, .unsent(reason: "the adapter client was shut down"))
    }
    answerEnded()
    for handle in Array(running.values) {
      curl_multi_remove_handle(mailbox.multi.pointer, handle.easy)
      mailbox.answer(handle.callID, handle.cut("the adapter client was shut down"))
    }
    running = [:]
    resting = []
  }
}

/// Calls that wait, first in, first out; taking one moves none of the others.
private struct CallQueue {
  private var calls: [AdapterCall?] = []
  private var head = 0

  var count: Int { calls.count - head }
  var isEmpty: Bool { count == 0 }

  mutating func append(_ call: AdapterCall) { calls.append(call) }

  mutating func next() -> AdapterCall? {
    guard head < calls.count else { return nil }
    let call = calls[head]
    calls[head] = nil
    head += 1
    if head == calls.count || head > 1_024 {
      calls.removeFirst(head)
      head = 0
    }
    return call
  }
}
