import Domain

/// A worker as this dispatcher sees it at the moment.
public struct WorkerStatus: Hashable, Sendable {
    public var session: SessionID
    public var worker: String
    public var labels: Labels
    public var slots: Int
    /// Free slots that wait here for work.
    public var waitingSlots: Int
    /// A call of it is being served.
    public var isServed: Bool
    /// Since when it was not heard of.
    public var silence: Duration
}
