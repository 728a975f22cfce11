import Crypto
import Domain
import Storage

/// A worker as the rules play it: a session, and the calls of the protocol.
public struct WorkerDouble<S: SessionStore & DispatchStore & LogStore>: Sendable {
    public let store: S
    public let session: WorkerSession

    public init(_ store: S, _ name: String = "w1", incarnation: String = "a", labels: Labels = [:], slots: Int = 10) async throws {
        self.store = store
        session = try await store.openSession(Samples.opening(name, incarnation: incarnation, labels: labels, slots: slots)).session
    }

    private init(_ store: S, _ session: WorkerSession) {
        self.store = store
        self.session = session
    }

    /// The same worker, with another dispatcher.
    public func speaking(to store: S) -> Self { Self(store, session) }

    public func offer(_ free: Int? = nil, holding: [Assignment] = []) -> SlotOffer {
        SlotOffer(
            session: session.id, worker: session.worker, labels: session.labels, free: free ?? session.slots,
            holding: Set(holding.map(\.build)))
    }

    public func claim(_ free: Int? = nil, holding: [Assignment] = []) async throws -> [Assignment] {
        try await store.match([offer(free, holding: holding)]).assignments
    }

    public func report(_ build: Assignment, _ content: BuildReport.Content, key: String) -> BuildReport {
        BuildReport(key: key, build: build.build, session: session.id, fence: build.fence, content: content)
    }

    @discardableResult
    public func tell(_ build: Assignment, _ content: BuildReport.Content, key: String) async throws -> ReportAnswer? {
        try await store.apply([report(build, content, key: key)]).first
    }

    public func accept(_ builds: [Assignment]) async throws {
        _ = try await store.apply(builds.map { report($0, .accept, key: "accept") })
    }

    @discardableResult
    public func finish(_ build: Assignment, _ outcome: Outcome = .success, cause: Cause? = nil, logs: [LogDeclaration] = []) async throws
        -> ReportAnswer?
    {
        try await tell(build, .finish(BuildEnd(outcome: outcome, cause: cause, logs: logs)), key: "finish")
    }

    @discardableResult
    public func append(_ build: Assignment, _ name: String = "1-unit", at offset: Int64, _ bytes: [UInt8]) async throws -> LogAppendAnswer {
        try await store.appendLog(
            LogAppend(build: build.build, session: session.id, fence: build.fence, name: name, step: 1, offset: offset, bytes: bytes))
    }
}

extension LogDeclaration {
    /// What a worker says that wrote these bytes.
    public static func of(_ bytes: [UInt8], name: String = "1-unit") -> LogDeclaration {
        LogDeclaration(name: name, step: 1, size: Int64(bytes.count), sha256: SHA256.hash(data: bytes).hexadecimal)
    }
}

extension Samples {
    public static func opening(
        _ worker: String, incarnation: String = "a", secret: Int = 1, labels: Labels = [:], slots: Int = 10
    ) -> SessionOpening {
        SessionOpening(worker: worker, incarnation: incarnation, secretHash: digest(secret), labels: labels, slots: slots, version: "1.0")
    }
}

/// Everything that a report may change of a build, to see that nothing did.
public struct BuildPicture: Hashable, Sendable {
    var build: BuildRow?
    var request: RequestRow?
    var buildset: BuildsetRow?
    var steps: [StepRow]
    var logs: [LogStatus]
    var events: [EventRecord]

    public init(_ store: some Store, _ build: Assignment) async throws {
        self.build = try await store.build(build.build)
        request = try await store.request(build.request)
        buildset = try await store.buildset(build.buildset)
        steps = try await store.steps(of: build.build)
        logs = try await store.logs(of: build.build)
        events = try await store.everyEvent()
    }
}
