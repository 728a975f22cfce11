import Domain
import GRDB
import Storage

// One process has the database for itself: it knows its own health, and nobody else asks.
extension SQLiteStore: ServiceStore {
    public func beat(_ beat: ServiceBeat) async throws -> BeatAnswer {
        let now = clock.now()
        present.withLock { known in
            known = ServiceRow(
                incarnation: beat.incarnation, kind: beat.kind, name: beat.name, version: beat.version, address: beat.address, health: beat.health,
                started: known?.incarnation == beat.incarnation ? known?.started ?? now : now, heard: now, silence: .zero)
        }
        return BeatAnswer(work: try await openWork(), configuration: try await currentConfiguration()?.id, reachableSince: nil)
    }

    public func services() async throws -> [ServiceRow] {
        let now = clock.now()
        guard var row = present.withLock({ $0 }) else { return [] }
        row.silence = now.since(row.heard)
        return [row]
    }

    public func endService(_ incarnation: String) async throws {}

    public func forgetServices(silentFor period: Duration) async throws {}
}
