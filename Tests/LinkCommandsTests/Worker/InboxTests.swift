import LinkCore
import Synchronization
import Testing

@testable import LinkCommands

@Suite("The loop's inbox")
struct InboxTests {
  @Test("Waking the loop goes through as few calls the ten thousandth time as the first")
  func wakesDirectly() throws {
    let inbox = Inbox()
    let depths = Mutex<[UInt]>([])
    inbox.wakes { depths.withLock { $0.append(stackAddress()) } }
    for _ in 0..<10_000 {
      inbox.post(.tick)
      _ = inbox.drain()
    }
    let seen = depths.withLock { $0 }
    #expect(seen.count == 10_000)
    #expect(try #require(seen.first) == #require(seen.last))
  }

  @Test("One wake serves all that was left since the loop last looked")
  func wakesOnce() {
    let inbox = Inbox()
    let wakes = Mutex(0)
    inbox.wakes { wakes.withLock { $0 += 1 } }
    for _ in 0..<5 { inbox.post(.tick) }
    #expect(inbox.drain().count == 5)
    #expect(wakes.withLock { $0 } == 1)
    inbox.post(.tick)
    #expect(wakes.withLock { $0 } == 2)
  }
}

/// Where on the stack the caller's callee stands: the deeper the calls, the lower.
@inline(never)
private func stackAddress() -> UInt {
  var here: UInt8 = 0
  return withUnsafeMutablePointer(to: &here) { UInt(bitPattern: $0) }
}
