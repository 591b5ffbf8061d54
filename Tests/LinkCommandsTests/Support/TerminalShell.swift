import Glibc
import LinkTestSupport

/// An interactive shell on a terminal of its own, in a folder of its own: keys go in, and what its line editor makes of them comes out.
final class TerminalShell {
  /// Its folder, which is its home as well.
  let folder: Scratch
  private let terminal: Int32
  private let program: RunningProgram
  private var lineCount = 0

  /// TIOCSPTLCK and TIOCGPTN of tty_ioctl(2): macros that Swift does not see, as it does not see posix_openpt(3).
  private static let (lockRequest, numberRequest): (UInt, UInt) = (0x4004_5431, 0x8004_5430)

  /// What it is asked to do with the line that was typed.
  enum Key {
    /// What Tab does.
    case complete
    /// Put all that can stand there into the line.
    case insertAll
  }

  /// Which shell it is, and how it gets linkworker's script.
  enum Kind: String, CaseIterable, Sendable {
    /// The script is read at its start, and nothing else.
    case bash
    /// The package bash-completion finds the script.
    case bashWithPackage = "bash with bash-completion"
    /// The script is read at its start, after compinit.
    case zsh
    /// compinit finds the script.
    case zshWithPath = "zsh with fpath"

    /// What `linkworker completion` calls it.
    fileprivate var shell: String { isZsh ? "zsh" : "bash" }

    fileprivate var isZsh: Bool {
      switch self {
      case .bash, .bashWithPackage: false
      case .zsh, .zshWithPath: true
      }
    }

    /// Where the script is put, below the home directory, for the shell to find it.
    fileprivate var place: String? {
      switch self {
      case .bash, .zsh: nil
      case .bashWithPackage: ".local/share/bash-completion/completions/linkworker"
      case .zshWithPath: ".functions/_linkworker"
      }
    }

    /// The lines of its start file by which it gets the script.
    fileprivate var loading: String {
      switch self {
      case .bash: "eval \"$(linkworker completion bash)\""
      case .bashWithPackage: ". /usr/share/bash-completion/bash_completion"
      case .zsh: "autoload -Uz compinit && compinit -u -D && eval \"$(linkworker completion zsh)\""
      case .zshWithPath: "fpath=(~/.functions $fpath) && autoload -Uz compinit && compinit -u -D"
      }
    }
  }

  /// Starts it with linkworker's script loaded and `files` (directories end with a slash) in its folder.
  init(_ kind: Kind, files: [String]) throws {
    folder = try Scratch()
    for file in files {
      if file.hasSuffix("/") { mkdir(folder[file], 0o700) } else { try folder.write(file, "") }
    }
    let linkworker = try RunningProgram.linkworker
    if let place = kind.place {
      var directory = ""
      for part in place.split(separator: "/").dropLast() {
        directory += "\(part)/"
        mkdir(folder[directory], 0o700)
      }
      try folder.write(place, try RunningProgram.run([linkworker, "completion", kind.shell]).output)
    }
    try folder.write(kind.isZsh ? ".zshrc" : ".bashrc", Self.startFile(kind))

    terminal = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK)
    var (number, isLocked): (Int32, Int32) = (0, 0)
    guard terminal >= 0, ioctl(terminal, Self.lockRequest, &isLocked) == 0,
      ioctl(terminal, Self.numberRequest, &number) == 0
    else { throw Missing("A terminal: \(String(cString: strerror(errno)))") }
    var size = winsize(ws_row: 50, ws_col: 250, ws_xpixel: 0, ws_ypixel: 0)
    _ = ioctl(terminal, UInt(TIOCSWINSZ), &size)
    let device = "/dev/pts/\(number)"
    let home = linkworker.split(separator: "/").dropLast().reduce("") { "\($0)/\($1)" }
    let shell = kind.isZsh ? "zsh -d -i" : "bash --noprofile --rcfile .bashrc -i"
    program = try RunningProgram(
      ["/bin/sh", "-c", "cd \"$HOME\" && exec setsid -w -c \(shell) <\"$0\" >\"$0\" 2>&1", device],
      environment: [
        "HOME": folder.path, "ZDOTDIR": folder.path, "TERM": "xterm", "LC_ALL": "C.UTF-8",
        "PATH": "\(home):/usr/bin:/bin",
      ])
    try awaitLine()
  }

  deinit {
    // Its terminal gone, the shell ends.
    close(terminal)
  }

  /// Types `text` and presses a key; what the line is then.
  func type(_ text: String, _ key: Key) throws -> String {
    let keys =
      switch key {
      case .complete: "\t"
      case .insertAll: "\u{18}a"
      }
    var bytes = Array((text + keys + "\u{18}d").utf8)[...]
    try awaiting("Room for keys") {
      let count = bytes.withUnsafeBytes { write(terminal, $0.baseAddress, $0.count) }
      if count > 0 { bytes = bytes.dropFirst(count) }
      drain()
      return bytes.isEmpty
    }
    return try awaitLine()
  }

  /// The next line that the shell has told.
  @discardableResult
  private func awaitLine() throws -> String {
    var lines: [String] = []
    var screen = ""
    try awaiting("A line of the shell", state: { "Its screen: \(screen)" }) {
      screen += drain()
      let text = String(decoding: Scratch.bytes(of: folder[".told"]), as: UTF8.self)
      // What stands after the last newline is being written.
      lines = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
      return lines.count > lineCount
    }
    defer { lineCount += 1 }
    return lines[lineCount]
  }

  /// Takes what the shell shows, lest it waits for somebody who looks.
  @discardableResult
  private func drain() -> String {
    var shown = ""
    var chunk = [UInt8](repeating: 0, count: 4096)
    while case let count = read(terminal, &chunk, chunk.count), count > 0 {
      shown += String(decoding: chunk[..<count], as: UTF8.self)
    }
    return shown
  }

  /// Ctrl-X d tells the line and empties it, Ctrl-X a inserts all completions.
  private static func startFile(_ kind: Kind) -> String {
    kind.loading + "\n" + (kind.isZsh ? zshKeys : bashKeys) + "echo ready >>~/.told\n"
  }

  private static let bashKeys = #"""
    tell() { printf '%s\n' "$READLINE_LINE" >>~/.told; READLINE_LINE= READLINE_POINT=0; }
    bind 'set bell-style none'
    bind 'set enable-bracketed-paste off'
    bind '"\C-xa": insert-completions'
    bind -x '"\C-xd": tell'

    """#

  private static let zshKeys = #"""
    bindkey -e
    setopt no_beep
    tell() { print -r -- "$BUFFER" >>~/.told; BUFFER= }
    zle -N tell && bindkey '^Xd' tell
    zle -C insert-all complete-word _generic && bindkey '^Xa' insert-all
    zstyle ':completion:insert-all:*' completer _all_matches _complete
    zstyle ':completion:insert-all:*' insert yes

    """#
}
