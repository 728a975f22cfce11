import Domain
import Foundation
import Hummingbird
import Synchronization
import Wire

/// A dispatcher that keeps everything in memory, follows the protocol to the letter, and misbehaves on request.
final class FakeDispatcher: Sendable {
    /// What a test can make it do.
    struct Faults {
        /// So many of the next calls of reports are applied, but answered with 500.
        var lostReportAnswers = 0
        /// So many of the next log calls are stored, but answered with 500.
        var lostLogAnswers = 0
        /// So many of the next claims are matched, but answered with 500.
        var lostClaimAnswers = 0
        /// The next log call finds that the server has only so many bytes: it lost some.
        var truncateLogTo: Int?
        /// The log's answers ask for the end of the build.
        var cancelInLogAnswer = false
        /// Opening a session is answered with this problem.
        var sessionProblem: Problem?
        /// Builds that are not the session's any more.
        var stale: Set<BuildID> = []
        /// Every session is over.
        var sessionsOver = false
        /// Finishes are refused until the log has been sent again from this size.
        var incomplete: Int?
    }

    struct State {
        var faults = Faults()
        var pending: [AssignmentDocument] = []
        /// Given to the worker, in order.
        var assigned: [AssignmentDocument] = []
        var finished: [BuildID: BuildEnd] = [:]
        /// Reports as they were applied: repeats are not.
        var applied: [ReportDocument] = []
        var repeats = 0
        var logs: [String: Data] = [:]
        var logCalls = 0
        var sessions: [SessionRequest] = []
        var claims: [ClaimRequest] = []
        var controls: [ControlDocument] = []
        var goodbyes = 0
        var reportCalls = 0
        /// Whether a second answer for the same key was asked with other content.
        var conflicts = 0
    }

    let lease: Duration
    let survive: Duration
    private let state = Mutex(State())
    private let changes = Mutex<[UUID: AsyncStream<Void>.Continuation]>([:])

    init(lease: Duration = .seconds(30), survive: Duration = .seconds(600)) {
        self.lease = lease
        self.survive = survive
    }

    var now: State { state.withLock { $0 } }

    func change(_ body: (inout State) -> Void) {
        state.withLock { body(&$0) }
        for continuation in changes.withLock({ Array($0.values) }) { continuation.yield() }
    }

    /// Changes the state without waking those who wait for a change: they do it themselves.
    func quietly(_ body: (inout State) -> Void) {
        state.withLock { body(&$0) }
    }

    /// Waits until the check gives a value; nil when it has not within the bound.
    func wait<Value>(within bound: Duration = .seconds(60), _ check: (State) -> Value?) async -> Value? {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let id = UUID()
        changes.withLock { $0[id] = continuation }
        defer { changes.withLock { $0[id] = nil } }
        let timer = Task {
            try await Task.sleep(for: bound)
            continuation.finish()
        }
        defer { timer.cancel() }
        if let value = check(now) { return value }
        for await _ in stream {
            if let value = check(now) { return value }
        }
        return check(now)
    }

    struct NotInTime: Error {}

    /// Waits until the check holds.
    func until(within bound: Duration = .seconds(60), _ check: (State) -> Bool) async throws {
        if await wait(within: bound, { check($0) ? true : nil }) == nil { throw NotInTime() }
    }

    func finish(of build: BuildID, within bound: Duration = .seconds(60)) async -> BuildEnd? {
        await wait(within: bound) { $0.finished[build] }
    }

    func log(_ name: String, of build: BuildID) -> Data? { now.logs["\(build)/\(name)"] }

    /// Serves on a port of its own while `body` runs.
    func serve<Result: Sendable>(_ body: @Sendable (String) async throws -> Result) async throws -> Result {
        try await LoopbackServer.serve(router(), name: "fake-dispatcher", body)
    }
}
