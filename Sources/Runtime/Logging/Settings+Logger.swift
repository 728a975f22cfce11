import Logging

extension Settings {
    /// A logger as the settings want it.
    func logger(_ label: String) -> Logger {
        Logger(label: label) { LineLogHandler(label: $0, level: logLevel, format: logFormat) }
    }
}
