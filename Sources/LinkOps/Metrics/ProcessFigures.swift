import Glibc

/// What the system knows of this process (proc(5)); 0 where it does not say.
struct ProcessFigures {
  /// Processor time of user and system, in seconds.
  var cpuSeconds = 0.0
  /// Resident memory, in bytes.
  var residentBytes: Int64 = 0
  /// File descriptors that are open.
  var openDescriptors = 0
  /// File descriptors that may be open.
  var descriptorLimit: UInt64 = 0
  /// When it was started, in seconds since the Unix epoch.
  var startTime = 0.0

  /// As it is at this moment.
  static func now() -> ProcessFigures {
    var figures = ProcessFigures()
    let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
    // The second field is the program's name in parentheses, with whatever is in it.
    let fields = text(of: "/proc/self/stat").split(separator: ")").last?.split(separator: " ") ?? []
    func field(_ number: Int) -> Int64 { number - 3 < fields.count ? Int64(fields[number - 3]) ?? 0 : 0 }
    if ticks > 0 {
      figures.cpuSeconds = Double(field(14) + field(15)) / ticks
      figures.startTime = Double(bootTime) + Double(field(22)) / ticks
    }
    figures.residentBytes = field(24) * Int64(sysconf(Int32(_SC_PAGESIZE)))
    figures.openDescriptors = descriptorCount()
    var limit = rlimit()
    if getrlimit(__rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue)), &limit) == 0 {
      figures.descriptorLimit = UInt64(limit.rlim_cur)
    }
    return figures
  }

  private static var bootTime: Int64 {
    for line in text(of: "/proc/stat").split(separator: "\n") where line.hasPrefix("btime ") {
      return Int64(line.dropFirst(6)) ?? 0
    }
    return 0
  }

  private static func descriptorCount() -> Int {
    guard let stream = opendir("/proc/self/fd") else { return 0 }
    defer { closedir(stream) }
    var count = 0
    while let entry = readdir(stream) { if entry.pointee.d_name.0 != CChar(UInt8(ascii: ".")) { count += 1 } }
    // The directory's own is one of them.
    return max(count - 1, 0)
  }

  private static func text(of path: String) -> String {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return "" }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 8192)
    while case let count = read(descriptor, &chunk, chunk.count), count > 0 { bytes += chunk[..<count] }
    return String(decoding: bytes, as: UTF8.self)
  }
}
