import FoundationEssentials
import Glibc

// A pipe whose reader has gone is no reason to leave processes behind.
signal(SIGPIPE, SIG_IGN)
exit(
  Benchmark.main(arguments: Array(CommandLine.arguments.dropFirst()), environment: ProcessInfo.processInfo.environment))
