import Domain
import Signals
import Storage

/// The database, as the health and metrics of a process show it.
struct StoreHealth: Sendable {
    var store: any Store
    /// What the process can still do without its database.
    var without: Health.State
    /// A database that answers later than this is as good as away.
    private static let patience: Duration = .seconds(3)

    func check() async -> Health {
        do {
            _ = try await Bounded.run(within: Self.patience) { try await store.now() }
            return .ready
        } catch {
            return Health(state: without, reason: "database: \(error)")
        }
    }

    /// The queue by builder. Read from the database when somebody asks; with the database away these figures are absent.
    func addMetrics(to text: inout PrometheusText) async {
        let found = try? await Bounded.run(within: Self.patience) { (try await store.builderCounts(), try await store.now()) }
        text.add("database_reachable", .gauge, "1 when the database answered just now.", found == nil ? 0 : 1)
        guard let (counts, now) = found else { return }
        text.add("requests_pending", .gauge, "Requests that wait.", by: "builder", counts) { ($0.builder, $0.pending) }
        text.add("requests_claimed", .gauge, "Requests that are being built.", by: "builder", counts) { ($0.builder, $0.claimed) }
        text.add("oldest_wait_seconds", .gauge, "Age of the oldest waiting request.", by: "builder", counts) { counts in
            (counts.builder, counts.oldestPending.map { max(0, now.since($0).inSeconds) } ?? 0)
        }
    }
}
