import Domain
import Storage
import TestSupport

/// A store that lets nothing be accepted before a gate is opened.
struct GatedStore: ChangeStore, SourceStore {
    let store: any ChangeStore & SourceStore
    let gate = Flag()
    /// Calls of `accept` that have come to the gate.
    let arrivals = Watched(0)

    func accept(_ changes: [NewChange], advancing: SourceAdvance?) async throws -> [ChangeReceipt] {
        arrivals.change { $0 += 1 }
        await gate.wait()
        return try await store.accept(changes, advancing: advancing)
    }

    func sourceState(_ source: String) async throws -> SourceState { try await store.sourceState(source) }

    func mirrorEnds(of lines: [String]) async throws -> [String: MirrorEnd] { try await store.mirrorEnds(of: lines) }
    func leaseSource(_ source: String, to poller: String, for period: Duration) async throws -> Bool {
        try await store.leaseSource(source, to: poller, for: period)
    }

    func releaseSources(of poller: String) async throws { try await store.releaseSources(of: poller) }

    func recordSourceHealth(_ source: String, _ health: SourceHealth) async throws { try await store.recordSourceHealth(source, health) }
}
