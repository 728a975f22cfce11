import Domain
import GRDB
import Storage

extension AppliedConfiguration {
    /// The configuration in force: the one applied last.
    static func newest(_ db: Database) throws -> AppliedConfiguration? {
        try Row.fetchOne(db, sql: "SELECT id, digest, document, applied FROM configurations ORDER BY id DESC LIMIT 1").map(read)
    }

    /// An earlier one: what an older build runs.
    static func numbered(_ id: ConfigurationID, _ db: Database) throws -> AppliedConfiguration? {
        try Row.fetchOne(
            db.cachedStatement(sql: "SELECT id, digest, document, applied FROM configurations WHERE id = ?"), arguments: [id.rawValue]
        ).map(read)
    }

    private static func read(_ row: Row) throws -> AppliedConfiguration {
        AppliedConfiguration(
            id: ConfigurationID(row[0]), digest: row[1], applied: Timestamp(microseconds: row[3]),
            configuration: try JSONText.decode(Domain.Configuration.self, row[2]))
    }
}
