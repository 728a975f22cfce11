import Domain

/// A worker introduces itself. The same worker and incarnation again gets the same session.
public struct SessionRequest: Hashable, Sendable, Codable {
    public var `protocol`: Int
    public var worker: String
    /// Random text, new at each start of the worker.
    public var incarnation: String
    /// At least 32 random characters, chosen by the worker; proves on later calls that they are the session's. Only its hash is stored.
    public var secret: String
    public var version: String
    public var labels: Labels
    public var slots: Int

    public init(worker: String, incarnation: String, secret: String, version: String, labels: Labels, slots: Int) {
        self.protocol = WorkerProtocol.version
        self.worker = worker
        self.incarnation = incarnation
        self.secret = secret
        self.version = version
        self.labels = labels
        self.slots = slots
    }
}

public struct SessionDocument: Hashable, Sendable, Codable {
    public var session: SessionID
    /// How long a build may go without a report; renew at a third of it.
    public var leaseMilliseconds: Int64
    /// How long a worker goes on building when no dispatcher answers.
    public var surviveMilliseconds: Int64

    public init(session: SessionID, leaseMilliseconds: Int64, surviveMilliseconds: Int64) {
        self.session = session
        self.leaseMilliseconds = leaseMilliseconds
        self.surviveMilliseconds = surviveMilliseconds
    }

    private enum CodingKeys: String, CodingKey {
        case session
        case leaseMilliseconds = "lease_ms"
        case surviveMilliseconds = "survive_ms"
    }
}
