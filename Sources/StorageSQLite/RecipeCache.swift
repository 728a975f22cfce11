import Domain
import GRDB
import Storage
import Synchronization

/// Configurations by number: what each build runs is the one that was in force when it was assigned. They never change.
final class RecipeCache: Sendable {
    static let capacity = 16
    private let entries = Mutex<[ConfigurationID: Domain.Configuration]>([:])

    func configuration(_ id: ConfigurationID, _ db: Database) throws -> Domain.Configuration {
        if let known = entries.withLock({ $0[id] }) { return known }
        guard let applied = try AppliedConfiguration.numbered(id, db) else {
            throw StoreError.internalError("configuration \(id), which a build names, is not there")
        }
        entries.withLock {
            if $0.count >= Self.capacity { $0.removeAll() }
            $0[id] = applied.configuration
        }
        return applied.configuration
    }

    func builder(_ name: String, _ id: ConfigurationID, _ db: Database) throws -> Builder {
        guard let builder = try configuration(id, db).builder(named: name) else {
            throw StoreError.internalError("configuration \(id) has no builder \(name), which a build of it runs")
        }
        return builder
    }
}
