import Glibc

/// A calendar that a test sets while a program runs: a library, loaded before all others, that shifts the clock of the calendar, with the waits
/// that go by it, and leaves the one alone that never jumps, as the kernel does when somebody sets the time. (libfaketime takes a Swift program's
/// arguments away.)
public final class FakeClock: Sendable {
  private let scratch: Scratch

  /// Whether a C compiler is there to make it.
  public static let isAvailable = FaultyDisk.isAvailable

  /// A calendar that says what the machine's says.
  public init() throws {
    scratch = try Scratch()
    let source = try scratch.write("clock.c", Self.source)
    let outcome = try RunningProgram.run(["cc", "-O1", "-fPIC", "-shared", "-o", scratch["clock.so"], source, "-ldl"])
    guard outcome.code == 0 else { throw Missing("A calendar: \(outcome.errorText)") }
    try set(days: 0)
  }

  /// What a program's environment has to have.
  public var environment: [String: String] {
    ["LD_PRELOAD": scratch["clock.so"], "FAKE_CLOCK_FILE": scratch["seconds"]]
  }

  /// Sets the calendar so many days before (negative) or after the machine's.
  public func set(days: Int) throws { try scratch.write("seconds", "\(days * 86_400)\n") }

  private static let source = #"""
    #define _GNU_SOURCE
    #include <dlfcn.h>
    #include <errno.h>
    #include <threads.h>
    #include <fcntl.h>
    #include <pthread.h>
    #include <stdlib.h>
    #include <sys/syscall.h>
    #include <sys/time.h>
    #include <time.h>
    #include <unistd.h>

    /* Asked anew each time, by calls of the kernel that nothing replaces. */
    static long shift(void) {
      char word[32] = "";
      const char *file = getenv("FAKE_CLOCK_FILE");
      int descriptor = file ? syscall(SYS_openat, AT_FDCWD, file, O_RDONLY | O_CLOEXEC) : -1;
      if (descriptor < 0) return 0;
      syscall(SYS_read, descriptor, word, sizeof word - 1);
      syscall(SYS_close, descriptor);
      return atol(word);
    }

    int clock_gettime(clockid_t clock, struct timespec *now) {
      int result = syscall(SYS_clock_gettime, clock, now);
      if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) now->tv_sec += shift();
      return result;
    }

    int gettimeofday(struct timeval *restrict now, void *restrict zone) {
      struct timespec time;
      clock_gettime(CLOCK_REALTIME, &time);
      now->tv_sec = time.tv_sec;
      now->tv_usec = time.tv_nsec / 1000;
      return 0;
    }

    time_t time(time_t *out) {
      struct timespec now;
      clock_gettime(CLOCK_REALTIME, &now);
      if (out) *out = now.tv_sec;
      return now.tv_sec;
    }

    int timespec_get(struct timespec *now, int base) {
      clock_gettime(CLOCK_REALTIME, now);
      return base;
    }

    /* Until a moment of the calendar, which may be set meanwhile. */
    #define WAITS(name, version, condition_type, mutex_type, timed_out) \
      int name(condition_type *condition, mutex_type *mutex, const struct timespec *until) { \
        static int (*real)(condition_type *, mutex_type *, const struct timespec *); \
        if (!real) real = dlvsym(RTLD_NEXT, #name, version); \
        if (!real) real = dlsym(RTLD_NEXT, #name); \
        while (until->tv_sec > 1000000000) { \
          struct timespec now; \
          clock_gettime(CLOCK_REALTIME, &now); \
          long long left = (until->tv_sec - now.tv_sec) * 1000000000LL + until->tv_nsec - now.tv_nsec; \
          if (left <= 0) return timed_out; \
          if (left > 20000000) left = 20000000; \
          syscall(SYS_clock_gettime, CLOCK_REALTIME, &now); \
          now.tv_sec += (now.tv_nsec + left) / 1000000000; \
          now.tv_nsec = (now.tv_nsec + left) % 1000000000; \
          int result = real(condition, mutex, &now); \
          if (result != timed_out) return result; \
        } \
        return real(condition, mutex, until); \
      }
    WAITS(pthread_cond_timedwait, "GLIBC_2.3.2", pthread_cond_t, pthread_mutex_t, ETIMEDOUT)
    WAITS(cnd_timedwait, "GLIBC_2.34", cnd_t, mtx_t, thrd_timedout)
    """#
}
