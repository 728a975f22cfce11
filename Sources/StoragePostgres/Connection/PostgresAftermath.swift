/// What a transaction does once it is durable, in order and once.
// Unchecked: the connection's thread adds to it while the body runs; when that has ended, one place alone learns that the transaction is durable, and runs it.
final class PostgresAftermath: @unchecked Sendable {
    private var actions: [() -> Void] = []

    func add(_ action: @escaping () -> Void) { actions.append(action) }

    func run() {
        let all = actions
        actions = []
        for action in all { action() }
    }
}
