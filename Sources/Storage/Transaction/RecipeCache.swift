import Domain
import Synchronization

/// Configurations by number: what each build runs is the one that was in force when it was assigned. They never change.
package final class RecipeCache: Sendable {
    private static let capacity = 16
    private let entries = Mutex<[ConfigurationID: Configuration]>([:])

    package init() {}

    package func configuration(_ id: ConfigurationID, reading: () throws -> Configuration?) rethrows -> Configuration? {
        if let known = entries.withLock({ $0[id] }) { return known }
        guard let read = try reading() else { return nil }
        entries.withLock {
            if $0.count >= Self.capacity { $0.removeAll() }
            $0[id] = read
        }
        return read
    }
}
