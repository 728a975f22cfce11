import Domain
import Storage

/// Which deployment the database belongs to, and which of its histories this is.
struct DeploymentIdentity: Sendable {
    var id: String
    var epoch: Int64
    /// True when this look found that the database was restored or promoted, and raised the epoch.
    var isRewound = false

    /// Reads the identity, makes it in a new database, and raises the epoch when the system identifier or the timeline is another than before: then
    /// published state may have been rewound. Of several processes that see it one raises.
    static func load(_ transaction: PostgresTransaction) throws -> DeploymentIdentity {
        guard
            let server = try transaction.first(
                "SELECT (pg_control_system()).system_identifier, (pg_control_checkpoint()).timeline_id, \(PostgresStore.clock)")
        else { throw StoreError.internalError("the server does not say what it is") }
        try transaction.run(
            """
            INSERT INTO deployment (id, epoch, system_identifier, timeline, created) VALUES ($1, 1, $2, $3, $4) ON CONFLICT (one) DO NOTHING
            """,
            [.text(ChainID.random().rawValue), .integer(server.int64(0)), .integer(server.int64(1)), .integer(server.int64(2))])
        let raised = try transaction.first(
            """
            UPDATE deployment SET epoch = epoch + 1, system_identifier = $1, timeline = $2 WHERE system_identifier <> $1 OR timeline <> $2
            RETURNING id, epoch
            """,
            [.integer(server.int64(0)), .integer(server.int64(1))])
        if let raised { return DeploymentIdentity(id: raised.string(0), epoch: raised.int64(1), isRewound: true) }
        guard let row = try transaction.first("SELECT id, epoch FROM deployment") else {
            throw StoreError.internalError("the deployment has no identity")
        }
        return DeploymentIdentity(id: row.string(0), epoch: row.int64(1))
    }
}
