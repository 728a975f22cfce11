import Domain

public protocol SessionStore: Sendable {
    /// Opens a session for a worker. The same incarnation again returns the same session; a new incarnation of the worker ends the old session
    /// and, as lost, every build it held. Writes `worker.connected`.
    func openSession(_ opening: SessionOpening) async throws -> OpenedSession
    /// Ends a session that said goodbye or was not heard of: its builds are lost and their requests retried. Idempotent. Writes `worker.lost`
    /// when it was lost.
    func endSession(_ session: SessionID, lost: Bool, reason: String) async throws -> [LostBuild]
    /// The session with this id, if it is open, for a dispatcher that has not seen it yet.
    func session(_ session: SessionID) async throws -> WorkerSession?
    /// Notes that these sessions were heard of, in one statement for all that a dispatcher hears.
    func heard(_ sessions: [SessionID]) async throws
    /// The open sessions that no dispatcher has heard of for a lease's period in which it could have; nil when the one dispatcher of this store knows it
    /// from its own memory.
    func silentSessions(reachableSince: Timestamp) async throws -> [WorkerSession]?
    /// Every open session: what a starting dispatcher has to watch.
    func openSessions() async throws -> [WorkerSession]
}

public struct SessionOpening: Hashable, Sendable {
    public var worker: String
    /// Random text, made once by each start of a worker.
    public var incarnation: String
    /// SHA-256 of the session's secret, in hexadecimal. The secret itself is never stored.
    public var secretHash: String
    public var labels: Labels
    public var slots: Int
    public var version: String
    /// The token that it came with; nil where none is asked for.
    public var token: TokenID?

    public init(worker: String, incarnation: String, secretHash: String, labels: Labels, slots: Int, version: String, token: TokenID? = nil) {
        self.worker = worker
        self.incarnation = incarnation
        self.secretHash = secretHash
        self.labels = labels
        self.slots = slots
        self.version = version
        self.token = token
    }
}

public struct WorkerSession: Hashable, Sendable {
    public var id: SessionID
    public var worker: String
    public var incarnation: String
    public var secretHash: String
    public var labels: Labels
    public var slots: Int
    /// Paused workers are given nothing new.
    public var paused: Bool
    /// The token that it was opened with; nil where none was asked for.
    public var token: TokenID?

    public init(
        id: SessionID, worker: String, incarnation: String, secretHash: String, labels: Labels, slots: Int, paused: Bool, token: TokenID? = nil
    ) {
        self.id = id
        self.worker = worker
        self.incarnation = incarnation
        self.secretHash = secretHash
        self.labels = labels
        self.slots = slots
        self.paused = paused
        self.token = token
    }
}

public struct OpenedSession: Hashable, Sendable {
    public var session: WorkerSession
    /// Builds of an earlier incarnation that ended with it.
    public var lost: [LostBuild]

    public init(session: WorkerSession, lost: [LostBuild]) {
        self.session = session
        self.lost = lost
    }
}

public struct LostBuild: Hashable, Sendable {
    public var build: BuildID
    public var request: RequestID
    public var worker: String
    /// True when the request went back to `pending`.
    public var retried: Bool

    public init(build: BuildID, request: RequestID, worker: String, retried: Bool) {
        self.build = build
        self.request = request
        self.worker = worker
        self.retried = retried
    }
}
