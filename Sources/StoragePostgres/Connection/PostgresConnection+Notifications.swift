import CPostgres

extension PostgresConnection {
    /// To wait on for more to read; good until the connection is used again.
    var descriptor: Int32 { PQsocket(connection) }

    /// What arrived since the last look; nil when the connection is lost.
    func notifications() -> [(channel: String, payload: String)]? {
        guard PQconsumeInput(connection) == 1, !isBroken else { return nil }
        var heard: [(channel: String, payload: String)] = []
        while let notification = PQnotifies(connection) {
            heard.append((String(cString: notification.pointee.relname), String(cString: notification.pointee.extra)))
            PQfreemem(notification)
        }
        return heard
    }
}
