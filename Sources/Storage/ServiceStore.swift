import Domain

/// The processes of a deployment, as they know of each other.
public protocol ServiceStore: Sendable {
    /// Says that a service lives, and asks in the same transaction what a sweep would ask: heartbeats cost no statements of their own.
    func beat(_ beat: ServiceBeat) async throws -> BeatAnswer
    /// Every service that said it lives and has not said goodbye, by kind and name.
    func services() async throws -> [ServiceRow]
    /// A service stops in good order.
    func endService(_ incarnation: String) async throws
    /// Forgets services that were killed: they were not heard of for this long.
    func forgetServices(silentFor period: Duration) async throws
}

public struct ServiceBeat: Hashable, Sendable {
    /// Random text, made once by each start.
    public var incarnation: String
    /// The subcommand that it was started with.
    public var kind: String
    public var name: String
    public var version: String
    public var address: String
    /// What is wrong with it, in its own words; empty when nothing is.
    public var health: String
    /// It gives builds to workers: then its beat also says which sessions it hears, and that leases can be renewed.
    public var dispatches: Bool
    public var sessions: [SessionID]

    public init(
        incarnation: String, kind: String, name: String, version: String, address: String, health: String = "", dispatches: Bool = false,
        sessions: [SessionID] = []
    ) {
        self.incarnation = incarnation
        self.kind = kind
        self.name = name
        self.version = version
        self.address = address
        self.health = health
        self.dispatches = dispatches
        self.sessions = sessions
    }
}

public struct BeatAnswer: Hashable, Sendable {
    public var work: OpenWork
    /// The configuration in force; nil before the first.
    public var configuration: ConfigurationID?
    /// Since when the database and some dispatcher have been reachable without a gap; nil for services that do not dispatch, and in a store whose one
    /// dispatcher knows it by itself.
    public var reachableSince: Timestamp?
    /// Those of the beat's sessions that are open no more: another dispatcher ended them.
    public var ended: [SessionID]

    public init(work: OpenWork, configuration: ConfigurationID?, reachableSince: Timestamp?, ended: [SessionID] = []) {
        self.work = work
        self.configuration = configuration
        self.reachableSince = reachableSince
        self.ended = ended
    }
}

public struct ServiceRow: Hashable, Sendable {
    public var incarnation: String
    public var kind: String
    public var name: String
    public var version: String
    public var address: String
    public var health: String
    public var started: Timestamp
    public var heard: Timestamp
    /// By the store's clock, how long ago it was heard of.
    public var silence: Duration

    public init(
        incarnation: String, kind: String, name: String, version: String, address: String, health: String, started: Timestamp, heard: Timestamp,
        silence: Duration
    ) {
        self.incarnation = incarnation
        self.kind = kind
        self.name = name
        self.version = version
        self.address = address
        self.health = health
        self.started = started
        self.heard = heard
        self.silence = silence
    }
}
