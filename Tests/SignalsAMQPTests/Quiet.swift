import Logging

extension Logger {
    /// Tests that fail say why; connections that come and go are no news.
    static var quiet: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }
}
