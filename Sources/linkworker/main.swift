import FoundationEssentials
import Glibc
import LinkCommands

exit(LinkCommandLine.main(arguments: CommandLine.arguments, environment: ProcessInfo.processInfo.environment))
