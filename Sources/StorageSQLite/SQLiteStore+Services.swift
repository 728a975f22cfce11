import Domain
import GRDB
import Storage

// One process has the database for itself: it knows its own health, and nobody else asks.
extension SQLiteStore: ServiceStore {
    public func beat(_ beat: ServiceBeat) async throws -> BeatAnswer {
        BeatAnswer(work: try await openWork(), configuration: try await currentConfiguration()?.id, reachableSince: nil)
    }

    public func services() async throws -> [ServiceRow] { [] }

    public func endService(_ incarnation: String) async throws {}

    public func forgetServices(silentFor period: Duration) async throws {}
}
