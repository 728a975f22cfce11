import Synchronization

/// The distinct statements that a connection ran.
final class Statements: Sendable {
    private let seen = Mutex<Set<String>>([])

    var all: [String] { seen.withLock { $0.sorted() } }

    func add(_ sql: String) {
        _ = seen.withLock { $0.insert(sql) }
    }
}
