import Synchronization

/// Counts the SQL statements of all connections, for the benchmark.
final class StatementCounter: Sendable {
    private let value = Atomic<Int>(0)

    var count: Int { value.load(ordering: .relaxed) }

    func increment() { value.add(1, ordering: .relaxed) }
}
