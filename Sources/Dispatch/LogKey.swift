/// The keys of the log lines that dispatch writes.
enum LogKey {
    static let build = "build"
    static let error = "error"
    static let request = "request"
    static let retried = "retried"
    static let session = "session"
    static let worker = "worker"
    static let slots = "slots"
    static let version = "version"
}
