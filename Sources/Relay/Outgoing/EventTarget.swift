import Storage

/// Where a subscriber's events go.
protocol EventTarget: Sendable {
    var name: String { get }
    /// Nil for an event that is not meant for it; else what decides which events go one after the other.
    func order(of event: EventRecord) -> String?
    /// Sends one event. Bounded in time, and never throws: what goes wrong is an answer too.
    func send(_ event: EventRecord) async -> SendResult
}
