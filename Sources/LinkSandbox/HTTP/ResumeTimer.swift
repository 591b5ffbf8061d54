import Glibc
import LinkCore

/// Runs short actions at their times on one thread, so that a held connection costs no thread.
///
/// Unchecked: owns a pthread mutex and condition, which guard everything else in it.
final class ResumeTimer: @unchecked Sendable {
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var heap = DueHeap()
  private var isFinished = false
  private var thread: pthread_t?

  init() {
    pthread_mutex_init(mutex, nil)
    var attributes = pthread_condattr_t()
    pthread_condattr_init(&attributes)
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
    pthread_cond_init(condition, &attributes)
    pthread_condattr_destroy(&attributes)
  }

  deinit {
    pthread_cond_destroy(condition)
    pthread_mutex_destroy(mutex)
    condition.deallocate()
    mutex.deallocate()
  }

  /// Starts its thread; false where the system gives none. `finish` must follow, or it lives for ever.
  func start() -> Bool {
    let me = Unmanaged.passRetained(self)
    var handle = pthread_t()
    let code = pthread_create(
      &handle, nil,
      { context in
        if let context { Unmanaged<ResumeTimer>.fromOpaque(context).takeRetainedValue().run() }
        return nil
      }, me.toOpaque())
    guard code == 0 else {
      me.release()
      return false
    }
    thread = handle
    return true
  }

  /// Runs `action` after `delay`; at once, on the calling thread, when the timer is finished.
  func schedule(after delay: Milliseconds, _ action: @escaping @Sendable () -> Void) {
    let due = monotonicNanoseconds() + UInt64(max(0, delay)) * 1_000_000
    pthread_mutex_lock(mutex)
    if isFinished {
      pthread_mutex_unlock(mutex)
      return action()
    }
    let isEarliest = heap.push(due, action)
    pthread_mutex_unlock(mutex)
    if isEarliest { pthread_cond_signal(condition) }
  }

  /// Runs what is still to come, and ends the thread.
  func finish() {
    pthread_mutex_lock(mutex)
    isFinished = true
    let ending = thread
    thread = nil
    pthread_mutex_unlock(mutex)
    pthread_cond_signal(condition)
    if let ending { pthread_join(ending, nil) }
  }

  private func run() {
    while let actions = waitForDue() {
      for action in actions { action() }
    }
  }

  /// The actions whose time has come, waited for; nil when the timer is finished and has none left.
  private func waitForDue() -> [@Sendable () -> Void]? {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while true {
      if isFinished {
        let rest = heap.popAll(until: .max)
        return rest.isEmpty ? nil : rest
      }
      // What is due within this grain goes along: one wake-up for many connections.
      let actions = heap.popAll(until: monotonicNanoseconds() + 200_000)
      if !actions.isEmpty { return actions }
      if let due = heap.earliest {
        var time = timespec(tv_sec: Int(due / 1_000_000_000), tv_nsec: Int(due % 1_000_000_000))
        pthread_cond_timedwait(condition, mutex, &time)
      } else {
        pthread_cond_wait(condition, mutex)
      }
    }
  }
}

/// A binary heap of actions by their due time.
private struct DueHeap {
  private var entries: [(due: UInt64, action: @Sendable () -> Void)] = []

  var earliest: UInt64? { entries.first?.due }

  /// Adds an action; true when it is now the earliest.
  mutating func push(_ due: UInt64, _ action: @escaping @Sendable () -> Void) -> Bool {
    entries.append((due, action))
    var child = entries.count - 1
    while child > 0, entries[child].due < entries[(child - 1) / 2].due {
      entries.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
    return child == 0
  }

  mutating func popAll(until limit: UInt64) -> [@Sendable () -> Void] {
    var actions: [@Sendable () -> Void] = []
    while let first = entries.first, first.due <= limit {
      actions.append(first.action)
      popFirst()
    }
    return actions
  }

  private mutating func popFirst() {
    entries.swapAt(0, entries.count - 1)
    entries.removeLast()
    var parent = 0
    while true {
      var least = parent
      for child in [2 * parent + 1, 2 * parent + 2]
      where child < entries.count && entries[child].due < entries[least].due {
        least = child
      }
      guard least != parent else { return }
      entries.swapAt(parent, least)
      parent = least
    }
  }
}

/// Nanoseconds of a clock that never jumps.
func monotonicNanoseconds() -> UInt64 {
  var now = timespec()
  clock_gettime(CLOCK_MONOTONIC, &now)
  return UInt64(now.tv_sec) * 1_000_000_000 + UInt64(now.tv_nsec)
}

/// Milliseconds since the Unix epoch.
func wallMilliseconds() -> Int64 {
  var now = timespec()
  clock_gettime(CLOCK_REALTIME, &now)
  return Int64(now.tv_sec) * 1_000 + Int64(now.tv_nsec) / 1_000_000
}
