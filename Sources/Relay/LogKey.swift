/// The keys of the log lines that the relay writes.
enum LogKey {
    static let subscriber = "subscriber"
    static let shard = "shard"
    static let term = "term"
    static let cursor = "cursor"
    static let oldest = "oldest"
    static let error = "error"
    static let event = "event"
    static let routingKey = "routing_key"
    static let reason = "reason"
    static let dropped = "dropped"
    static let kept = "kept"
    static let busy = "busy"
    static let count = "count"
}
