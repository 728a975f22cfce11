import Synchronization

/// Health checks that are known later than those who read them.
final class LateChecks: Sendable {
    private let book = Mutex(HealthBook(checks: []))

    func set(_ checks: [HealthCheck]) { book.withLock { $0 = HealthBook(checks: checks) } }

    /// Every reason, one a line; empty when nothing is wrong.
    func reasons() async -> String {
        let book = book.withLock { $0 }
        return await book.read().reasons.joined(separator: "\n")
    }
}
