/// The keys of the log lines about the broker.
enum LogKey {
    static let connection = "connection"
    static let broker = "broker"
    static let error = "error"
    static let reason = "reason"
    static let events = "events"
}
