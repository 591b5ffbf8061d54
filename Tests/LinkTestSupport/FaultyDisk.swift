import Glibc

/// A disk that fails on command: a library, loaded before all others, through which a program's writes and syncs of the files under one
/// directory go.
public final class FaultyDisk: Sendable {
  /// What fails while it is in force.
  public enum Fault: String, Sendable, CaseIterable {
    /// Every write (EIO); half of it may have been done.
    case write
    /// Every sync (EIO); what was written before may be lost.
    case sync
    /// Every write, truncation and sync (EROFS), as on a file system that the kernel has made read-only.
    case readOnly = "read-only"
    /// Every read (EIO).
    case read
  }

  private let scratch: Scratch
  private let directory: String

  /// Whether a C compiler is there to make it.
  public static let isAvailable: Bool = (try? RunningProgram.run(["cc", "--version"]).code) == 0

  /// Compiles it for the files under a directory.
  public init(under directory: String) throws {
    scratch = try Scratch()
    self.directory = directory
    let source = try scratch.write("disk.c", Self.source)
    let outcome = try RunningProgram.run(["cc", "-O1", "-fPIC", "-shared", "-o", scratch["disk.so"], source, "-ldl"])
    guard outcome.code == 0 else { throw Missing("A faulty disk: \(outcome.errorText)") }
  }

  /// What a program's environment has to have.
  public var environment: [String: String] {
    ["LD_PRELOAD": scratch["disk.so"], "FAULTY_DISK_FILE": scratch["fault"], "FAULTY_DISK_DIRECTORY": directory]
  }

  /// Lets it fail from now on; nil: lets it work again.
  public func set(_ fault: Fault?) throws {
    guard let fault else {
      unlink(scratch["fault"])
      return
    }
    try scratch.write("fault", fault.rawValue)
  }

  private static let source = #"""
    #define _GNU_SOURCE
    #include <dlfcn.h>
    #include <errno.h>
    #include <fcntl.h>
    #include <stdio.h>
    #include <stdlib.h>
    #include <string.h>
    #include <sys/syscall.h>
    #include <unistd.h>

    /* Whether this fault is in force: asked anew for each call, by calls of the kernel that nothing here replaces. */
    static int fault_is(const char *name) {
      char word[16] = "";
      const char *file = getenv("FAULTY_DISK_FILE");
      int descriptor = file ? syscall(SYS_openat, AT_FDCWD, file, O_RDONLY | O_CLOEXEC) : -1;
      if (descriptor < 0) return 0;
      long count = syscall(SYS_read, descriptor, word, sizeof word - 1);
      syscall(SYS_close, descriptor);
      return count > 0 && strcmp(word, name) == 0;
    }

    static int is_ours(int descriptor) {
      char link[64], path[4096];
      const char *directory = getenv("FAULTY_DISK_DIRECTORY");
      snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
      ssize_t count = directory ? readlink(link, path, sizeof path - 1) : -1;
      if (count < 0) return 0;
      path[count] = 0;
      return strncmp(path, directory, strlen(directory)) == 0;
    }

    #define REAL(name) ((__typeof__(name) *)dlsym(RTLD_NEXT, #name))
    #define FAIL(code) do { errno = code; return -1; } while (0)

    #define WRITES(name, offset_type)                                                          \
      ssize_t name(int descriptor, const void *bytes, size_t count, offset_type offset) {      \
        if (is_ours(descriptor)) {                                                             \
          if (fault_is("read-only")) FAIL(EROFS);                                              \
          if (fault_is("write")) {                                                             \
            syscall(SYS_pwrite64, descriptor, bytes, count / 2, offset);                       \
            FAIL(EIO);                                                                         \
          }                                                                                    \
        }                                                                                      \
        return REAL(name)(descriptor, bytes, count, offset);                                   \
      }
    WRITES(pwrite, off_t)
    WRITES(pwrite64, off64_t)

    ssize_t write(int descriptor, const void *bytes, size_t count) {
      if (is_ours(descriptor)) {
        if (fault_is("read-only")) FAIL(EROFS);
        if (fault_is("write")) FAIL(EIO);
      }
      return REAL(write)(descriptor, bytes, count);
    }

    #define SYNCS(name)                                                                        \
      int name(int descriptor) {                                                               \
        if (is_ours(descriptor)) {                                                             \
          if (fault_is("read-only")) FAIL(EROFS);                                              \
          if (fault_is("sync")) FAIL(EIO);                                                     \
        }                                                                                      \
        return REAL(name)(descriptor);                                                         \
      }
    SYNCS(fsync)
    SYNCS(fdatasync)

    #define TRUNCATES(name, length_type)                                                       \
      int name(int descriptor, length_type length) {                                           \
        if (is_ours(descriptor) && fault_is("read-only")) FAIL(EROFS);                         \
        return REAL(name)(descriptor, length);                                                 \
      }
    TRUNCATES(ftruncate, off_t)
    TRUNCATES(ftruncate64, off64_t)

    #define READS(name, offset_type)                                                           \
      ssize_t name(int descriptor, void *bytes, size_t count, offset_type offset) {            \
        if (is_ours(descriptor) && fault_is("read")) FAIL(EIO);                                \
        return REAL(name)(descriptor, bytes, count, offset);                                   \
      }
    READS(pread, off_t)
    READS(pread64, off64_t)
    """#
}
