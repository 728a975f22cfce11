import Domain
import Signals
import Storage

/// One pass of `dispatch.cancels`: finds the builds of the workers that call here whose end somebody asked for, at whatever replica, and tells those
/// that wait.
struct CancelPass: Sendable {
    let store: any DispatchStore
    let registry: SessionRegistry
    let watch: LeaseWatch

    func run() async throws -> NextWake? {
        let sessions = registry.sessions.map(\.id)
        guard !sessions.isEmpty else { return nil }
        let cancels = try await watch.watching { [store] in try await store.pendingCancels(sessions) }
        for cancel in cancels { registry.cancel(cancel) }
        return nil
    }
}
