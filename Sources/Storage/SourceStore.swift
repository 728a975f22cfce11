import Domain

public protocol SourceStore: Sendable {
    func sourceState(_ source: String) async throws -> SourceState
    /// Keeps how the last contact went. Written when it changes, not on every quiet poll.
    func recordSourceHealth(_ source: String, _ health: SourceHealth) async throws
    /// Where these lines of branches that several sources tell of end by now; see `MirrorGroup`. Those that have no end are left out.
    func mirrorEnds(of lines: [String]) async throws -> [String: MirrorEnd]
    /// Takes or renews the lease of a source: it is polled by one process at a time. False while another has it. In a store that one process has for
    /// itself it always succeeds.
    func leaseSource(_ source: String, to poller: String, for period: Duration) async throws -> Bool
    /// Gives back every source that a poller has.
    func releaseSources(of poller: String) async throws
}

public struct SourceState: Hashable, Sendable {
    public var position: String?
    public var health: SourceHealth?

    public init(position: String? = nil, health: SourceHealth? = nil) {
        self.position = position
        self.health = health
    }
}

public struct SourceHealth: Hashable, Sendable, Codable {
    public var healthy: Bool
    /// What went wrong and what to do; nil when healthy.
    public var message: String?
    public var since: Timestamp

    public init(healthy: Bool, message: String?, since: Timestamp) {
        self.healthy = healthy
        self.message = message
        self.since = since
    }
}
