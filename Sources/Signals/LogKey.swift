/// The keys of the log lines that loops write.
enum LogKey {
    static let loop = "loop"
    static let error = "error"
    static let failures = "failures"
    static let retryIn = "retry_in"
}
