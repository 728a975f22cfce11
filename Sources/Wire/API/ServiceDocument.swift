import Domain

/// One process of the deployment, as `GET /api/v1/services` tells of it.
public struct ServiceDocument: Hashable, Sendable, Encodable {
    public enum State: String, Hashable, Sendable, Encodable, CaseIterable {
        case ready, degraded
        /// It was not heard of for a while, and said no goodbye.
        case silent
    }

    /// The subcommand that it was started with.
    public var kind: String
    public var name: String
    /// Names one start of it.
    public var incarnation: String
    public var version: String
    public var address: String
    public var state: State
    /// What is wrong, in its own words.
    public var reasons: [String]
    public var started: Timestamp
    public var heard: Timestamp

    public init(
        kind: String, name: String, incarnation: String, version: String, address: String, state: State, reasons: [String], started: Timestamp,
        heard: Timestamp
    ) {
        self.kind = kind
        self.name = name
        self.incarnation = incarnation
        self.version = version
        self.address = address
        self.state = state
        self.reasons = reasons
        self.started = started
        self.heard = heard
    }
}
