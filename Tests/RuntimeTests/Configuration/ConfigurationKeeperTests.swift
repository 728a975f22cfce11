import Domain
import Foundation
import Logging
import Runtime
import Storage
import StorageSQLite
import Synchronization
import TestSupport
import Testing

@Suite struct ConfigurationKeeperTests {
    private let directory = TemporaryDirectory()
    private let store = RememberedConfiguration()
    private var path: String { directory.file("doorbell.yaml") }

    private func write(builder: String) throws {
        try "project: p\nbuilders: [{name: \(builder), steps: [{run: x}]}]\n".write(toFile: path, atomically: true, encoding: .utf8)
    }

    private func keeper(onApplied: @escaping @Sendable (AppliedConfiguration) -> Void = { _ in }) -> ConfigurationKeeper {
        ConfigurationKeeper(store: store, path: path, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, onApplied: onApplied)
    }

    @Test("A file applies once; a changed one applies again")
    func applies() async throws {
        let rings = Mutex(0)
        let keeper = keeper { _ in rings.withLock { $0 += 1 } }
        #expect(keeper.current == nil)
        try write(builder: "a")
        guard case .applied(let first) = try await keeper.reload() else { throw Unexpected() }
        #expect(first.configuration.builders.map(\.name) == ["a"])
        #expect(keeper.current == first)
        guard case .unchanged(first) = try await keeper.reload() else { throw Unexpected() }
        try write(builder: "b")
        guard case .applied(let second) = try await keeper.reload() else { throw Unexpected() }
        #expect(keeper.current == second && second.id > first.id)
        #expect(rings.withLock { $0 } == 2)
    }

    @Test("A broken file is refused with its problems, and the old one stays")
    func refuses() async throws {
        let keeper = keeper()
        try write(builder: "a")
        _ = try await keeper.reload()
        try "project: p\nbuilder: []\n".write(toFile: path, atomically: true, encoding: .utf8)
        guard case .refused(let problems) = try await keeper.reload() else { throw Unexpected() }
        #expect(problems.description.contains("\(path):2:1: found the key \"builder\""))
        #expect(keeper.current?.configuration.builders.map(\.name) == ["a"])
    }

    @Test("At the next start the store's configuration is in force, even when the file is broken")
    func storeIsAuthoritative() async throws {
        try write(builder: "a")
        _ = try await keeper().reload()
        try FileManager.default.removeItem(atPath: path)
        let next = keeper()
        guard case .refused = try await next.reload() else { throw Unexpected() }
        #expect(next.current?.configuration.builders.map(\.name) == ["a"])
    }

    @Test("Without a file, what the store has stays in force")
    func withoutFile() async throws {
        try write(builder: "a")
        _ = try await keeper().reload()
        let keeper = ConfigurationKeeper(store: store, path: nil, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        guard case .unchanged(let applied) = try await keeper.reload() else { throw Unexpected() }
        #expect(applied?.configuration.builders.map(\.name) == ["a"])
    }

    @Test("The embedded store keeps the configuration over a restart, as it was read, and applies the same file no second time")
    func embeddedStore() async throws {
        let file = ConfigurationSamples.top + "/examples/complete/doorbell.yaml"
        let expected = try ConfigurationLoader.load(path: file)
        for round in 1...2 {
            let store = try await SQLiteStore.open(directory: directory.file("data"))
            let keeper = ConfigurationKeeper(store: store, path: file, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            switch try await keeper.reload() {
            case .applied(let applied): #expect(round == 1 && applied.digest == expected.digest)
            case .unchanged(let applied): #expect(round == 2 && applied?.digest == expected.digest)
            case .refused(let problems): Issue.record("\(problems)")
            }
            #expect(keeper.current?.configuration == expected.configuration)
            try await store.close()
        }
    }

    @Test("An earlier configuration applies again as a newer one, and the other processes are told")
    func appliesAgain() async throws {
        let rings = Mutex(0)
        let keeper = keeper { _ in rings.withLock { $0 += 1 } }
        try write(builder: "a")
        guard case .applied(let first) = try await keeper.reload() else { throw Unexpected() }
        try write(builder: "b")
        _ = try await keeper.reload()
        let again = try await keeper.apply(NewRevision(first.configuration, digest: first.digest, restores: first.id))
        guard case .applied(let third) = again else { throw Unexpected() }
        #expect(third.id.rawValue == 3 && third.configuration == first.configuration && keeper.current == third)
        #expect(rings.withLock { $0 } == 3)
    }

    @Test("Reloads that meet are done one after another")
    func reloadsInTurn() async throws {
        let keeper = keeper()
        try write(builder: "a")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<20 { group.addTask { _ = try await keeper.reload() } }
            try await group.waitForAll()
        }
        #expect(store.mostAtOnce == 1)
        #expect(keeper.current?.id == ConfigurationID(1))
    }

    private struct Unexpected: Error {}
}

/// A configuration store in memory that notices when two calls meet.
private final class RememberedConfiguration: ConfigurationStore {
    private struct State {
        var applied: AppliedConfiguration?
        var now = 0
        var most = 0
    }

    private let state = Mutex(State())

    var mostAtOnce: Int { state.withLock { $0.most } }

    func currentConfiguration() async throws -> AppliedConfiguration? { state.withLock { $0.applied } }

    func revisions(_ query: PageQuery<RevisionFields>) async throws -> [RevisionRow] { [] }

    func revision(_ id: ConfigurationID) async throws -> KeptRevision? { nil }

    func apply(_ new: NewRevision) async throws -> (applied: AppliedConfiguration, changed: Bool) {
        state.withLock {
            $0.now += 1
            $0.most = max($0.most, $0.now)
        }
        await Task.yield()
        return state.withLock { state in
            state.now -= 1
            if let applied = state.applied, applied.digest == new.digest { return (applied, false) }
            let applied = AppliedConfiguration(
                id: ConfigurationID((state.applied?.id.rawValue ?? 0) + 1), digest: new.digest, applied: Timestamp(seconds: 1_800_000_000),
                configuration: new.configuration)
            state.applied = applied
            return (applied, true)
        }
    }
}
