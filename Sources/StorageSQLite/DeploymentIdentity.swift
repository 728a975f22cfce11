import Domain
import GRDB

/// Which deployment the database belongs to; made with it.
struct DeploymentIdentity {
    var id: String
    var epoch: Int64

    static func load(_ db: Database, now: Timestamp) throws -> DeploymentIdentity {
        if let row = try Row.fetchOne(db, sql: "SELECT id, epoch FROM deployment") {
            return DeploymentIdentity(id: row[0], epoch: row[1])
        }
        let made = DeploymentIdentity(id: ChainID.random().rawValue, epoch: 1)
        try db.execute(
            sql: "INSERT INTO deployment (one, id, epoch, created) VALUES (1, ?, ?, ?)", arguments: [made.id, made.epoch, now.microseconds])
        return made
    }
}
