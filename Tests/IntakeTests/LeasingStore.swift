import Domain
import Storage
import Synchronization
import TestSupport

/// A store whose sources are leased to one poller at a time, until it gives them back.
final class LeasingStore: ChangeStore, SourceStore {
    private let store: any ChangeStore & SourceStore
    private let pollers = Mutex<[String: String]>([:])
    /// How often a source was refused.
    let refusals = Watched(0)

    init(_ store: any ChangeStore & SourceStore) {
        self.store = store
    }

    func accept(_ changes: [NewChange], advancing: SourceAdvance?) async throws -> [ChangeReceipt] {
        try await store.accept(changes, advancing: advancing)
    }

    func sourceState(_ source: String) async throws -> SourceState { try await store.sourceState(source) }

    func recordSourceHealth(_ source: String, _ health: SourceHealth) async throws { try await store.recordSourceHealth(source, health) }

    func mirrorEnds(of lines: [String]) async throws -> [String: MirrorEnd] { try await store.mirrorEnds(of: lines) }
    func leaseSource(_ source: String, to poller: String, for period: Duration) async throws -> Bool {
        let isTheirs = pollers.withLock { pollers in
            let holder = pollers[source] ?? poller
            pollers[source] = holder
            return holder == poller
        }
        if !isTheirs { refusals.change { $0 += 1 } }
        return isTheirs
    }

    func releaseSources(of poller: String) async throws {
        pollers.withLock { pollers in pollers = pollers.filter { $0.value != poller } }
    }
}
