import Domain
import Storage
import TestSupport

/// A store that remembers which lines it was asked for.
struct AskedStore: ChangeStore, SourceStore {
    let store: any ChangeStore & SourceStore
    /// Those of each call.
    let asked = Watched<[[String]]>([])

    init(_ store: any ChangeStore & SourceStore) {
        self.store = store
    }

    func mirrorEnds(of lines: [String]) async throws -> [String: MirrorEnd] {
        asked.change { $0.append(lines) }
        return try await store.mirrorEnds(of: lines)
    }

    func accept(_ changes: [NewChange], advancing: SourceAdvance?) async throws -> [ChangeReceipt] {
        try await store.accept(changes, advancing: advancing)
    }

    func sourceState(_ source: String) async throws -> SourceState { try await store.sourceState(source) }

    func recordSourceHealth(_ source: String, _ health: SourceHealth) async throws { try await store.recordSourceHealth(source, health) }

    func leaseSource(_ source: String, to poller: String, for period: Duration) async throws -> Bool {
        try await store.leaseSource(source, to: poller, for: period)
    }

    func releaseSources(of poller: String) async throws { try await store.releaseSources(of: poller) }
}
