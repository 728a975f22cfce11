import Domain
import GRDB
import Storage

extension AppliedConfiguration {
    /// The configuration in force: the one applied last.
    static func newest(_ db: Database) throws -> AppliedConfiguration? {
        try Row.fetchOne(db, sql: "SELECT \(columns) FROM configurations ORDER BY id DESC LIMIT 1").map { try AppliedConfiguration(stored: $0) }
    }

    /// An earlier one: what an older build runs.
    static func numbered(_ id: ConfigurationID, _ db: Database) throws -> AppliedConfiguration? {
        try Row.fetchOne(
            db.cachedStatement(sql: "SELECT \(columns) FROM configurations WHERE id = ?"), arguments: [id.rawValue]
        ).map { try AppliedConfiguration(stored: $0) }
    }
}
