import Glibc
import LinkCore
import LinkCrypto
import LinkStore
import Synchronization

/// A directory for one test, removed with it.
final class ScratchDirectory: Sendable {
  let path: String
  private let events = Mutex<[StoreEvent]>([])

  init() {
    var template = Array("/tmp/linkstore-XXXXXX".utf8CString)
    let made = template.withUnsafeMutableBufferPointer { $0.baseAddress.map { mkdtemp($0) != nil } ?? false }
    precondition(made, "/tmp cannot be written")
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit {
    for file in files(in: store) { unlink(store + "/" + file) }
    rmdir(store)
    for file in files(in: path) { unlink(path + "/" + file) }
    rmdir(path)
  }

  /// Where the store is opened.
  var store: String { path + "/store" }
  /// The database's file.
  var database: String { store + "/links.db" }
  /// What the stores told.
  var told: [StoreEvent] { events.withLock { $0 } }

  /// Opens the store.
  func open(
    instanceID: String? = nil, sha256: @escaping SHA256Function = LinkCrypto.sha256
  ) throws(StoreFailure) -> LinkStore {
    try LinkStore(
      directory: store, instanceID: instanceID, sha256: sha256, now: { Sample.at(77) },
      onEvent: { [weak self] event in self?.events.withLock { $0.append(event) } })
  }

  /// The names of the store's files.
  var files: [String] { files(in: store) }

  func bytes(of file: String) -> [UInt8] {
    let descriptor = Glibc.open(file, O_RDONLY)
    guard descriptor >= 0 else { return [] }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 1 << 16)
    while case let count = read(descriptor, &block, block.count), count > 0 { bytes += block[..<count] }
    return bytes
  }

  func write(_ bytes: [UInt8], to file: String) {
    let descriptor = Glibc.open(file, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    precondition(descriptor >= 0 && Glibc.write(descriptor, bytes, bytes.count) == bytes.count, "cannot write \(file)")
    close(descriptor)
  }

  /// Copies the store's files as a crash would leave them: without anything that a close would still do.
  func crashCopy() -> ScratchDirectory {
    let copy = ScratchDirectory()
    mkdir(copy.store, 0o700)
    for file in files { copy.write(bytes(of: store + "/" + file), to: copy.store + "/" + file) }
    return copy
  }

  private func files(in directory: String) -> [String] {
    guard let stream = opendir(directory) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }
}
