import FoundationEssentials
import Glibc
import LinkCommands

let arguments = CommandLine.unsafeArgv
exit(
  LinkCommandLine.main(
    arguments: (0..<Int(CommandLine.argc)).compactMap { arguments[$0].map { UnsafePointer($0) } },
    environment: ProcessInfo.processInfo.environment))
