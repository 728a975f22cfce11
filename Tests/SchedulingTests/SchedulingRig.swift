import Domain
import Scheduling
import Signals
import Storage
import StorageSQLite
import Synchronization
import TestSupport

/// The scheduling service on an embedded store, with time, rings and configuration in a test's hands.
final class SchedulingRig: Sendable {
    static let repository = "https://example.org/demo.git"

    let store: SQLiteStore
    let storeClock = ManualStoreClock()
    let clock = ManualClock()
    let bell = LocalBell()
    let log = LogRecorder()
    let dispatchRings = Watched(0)
    private let directory = TemporaryDirectory()
    private let configuration = Mutex<AppliedConfiguration?>(nil)
    private let events = Watched(0)
    private let subscription = Mutex<BellSubscription?>(nil)

    init(_ rules: SchedulerRule...) async throws {
        store = try await SQLiteStore.open(directory: directory.path, clock: storeClock)
        store.onEvents { [events] in events.change { $0 += 1 } }
        subscription.withLock { $0 = bell.listen(to: .dispatchMatch) { [dispatchRings] in dispatchRings.change { $0 += 1 } } }
        if !rules.isEmpty { try await apply(rules) }
    }

    func makeService(store other: (any SchedulingStore)? = nil) -> SchedulingService {
        SchedulingService(
            store: other ?? store, bell: bell, configuration: { [weak self] in self?.configuration.withLock { $0 } }, clock: clock, logger: log.logger
        )
    }

    /// Puts rules in force, as a configuration that is applied would.
    func apply(_ rules: [SchedulerRule]) async throws {
        let new = Configuration(project: "demo", schedulers: rules, builders: [Builder(name: "test", steps: [])])
        // Any 64 digits that differ from the last ones will do.
        let number = configuration.withLock { $0?.id.rawValue ?? 0 } + 1
        let applied = try await store.apply(new, digest: String(repeating: "0", count: 64 - String(number).count) + String(number)).applied
        configuration.withLock { $0 = applied }
        bell.ring(.schedulingClassify)
        bell.ring(.schedulingTimers)
    }

    /// Accepts a change for each revision, in one transaction. Nobody is rung.
    @discardableResult
    func accept(_ revisions: [String], branch: String = "main") async throws -> [ChangeID] {
        let changes = revisions.map {
            NewChange(source: "repo", project: "demo", repository: Self.repository, branch: branch, revision: $0, dedupeKey: "\(branch) \($0)")
        }
        return try await store.accept(changes, advancing: nil).map(\.id)
    }

    /// Runs the loops of these services while the body does.
    func run(_ services: SchedulingService..., body: @Sendable @escaping () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for loop in services.flatMap(\.loops) { group.addTask { try await loop.run() } }
            defer { group.cancelAll() }
            try await body()
        }
        try await store.close()
    }

    /// Both clocks go on.
    func advance(by duration: Duration) {
        storeClock.advance(by: duration)
        clock.advance(by: duration)
    }

    /// Returns once the timers' loop sleeps until so much after now.
    func sleeps(for duration: Duration) async { await clock.sleeper(until: clock.now.advanced(by: duration)) }

    /// Every buildset there is, oldest first, once there are so many; fewer when the task is cancelled.
    func buildsets(_ count: Int) async throws -> [BuildsetRow] {
        while true {
            let seen = events.value
            let rows = try await store.buildsets(PageQuery(BuildsetFields(), ascending: true, limit: 5000))
            if rows.count >= count || Task.isCancelled { return rows }
            await events.wait { $0 > seen }
        }
    }

    static func rule(_ name: String = "commits", branches: [String] = ["main"], quiet: Duration? = nil) -> SchedulerRule {
        SchedulerRule(
            name: name, kind: .branch, filter: ChangeFilter(branches: branches.map { Glob($0) }), quiet: quiet, builders: ["test"])
    }
}
