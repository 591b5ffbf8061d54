/// A progress bar that a closure draws, and that goes away before something else is written.
final class SharedBar {
  private var bar: ProgressBar

  init(_ bar: ProgressBar) { self.bar = bar }

  /// Shows where things stand; see `ProgressBar.show`.
  func show(_ count: Int, _ fraction: Double?) { bar.show(count: count, fraction: fraction) }

  /// Takes it away.
  func erase() { bar.erase() }
}
