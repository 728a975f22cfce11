import Storage

/// What the database or the way to it said. Holds no values of statements, which may be secret.
struct PostgresError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Five characters, as in the SQL standard; nil when the connection itself failed.
    var sqlState: String?
    var message: String
    /// The connection is gone; whether the last statement was carried out is not known.
    var isConnectionLost: Bool
    /// Nobody let us in: nothing was run.
    var isConnectFailure = false

    /// Ours: a column holds something else than the code expects.
    static let wrongType = "DB001"

    var description: String { sqlState.map { "\(message) (\($0))" } ?? message }

    /// The whole transaction may be tried again: it lost against another.
    var isRetryable: Bool { sqlState == "40001" || sqlState == "40P01" }

    /// The session does not have what was prepared in it: a plan grew stale with the schema, or a pooler handed the session to others.
    var isSessionStale: Bool {
        switch sqlState {
        case "26000", "42P05": true
        case "0A000": message.contains("cached plan")
        default: false
        }
    }

    /// The server cannot be asked now, and trying again can help.
    var isAway: Bool {
        guard let sqlState else { return isConnectionLost }
        // 53300: too many connections. 57P01 to 57P05: it is stopping, starting, or ended the session.
        return sqlState.hasPrefix("57P") || sqlState.hasPrefix("08") || sqlState == "53300" || sqlState == "25006"
    }

    /// What a caller can do about it.
    func storeError(doing: String, at address: String) -> StoreError {
        guard let sqlState else {
            return .unavailable(
                "\(doing): \(isConnectFailure ? "the database \(address) cannot be reached" : "the database \(address) hung up"): \(message)")
        }
        switch sqlState.prefix(2) {
        case "28": return .configuration("the database \(address) refuses the login: \(message); check user and password of DOORBELL_DATABASE_URL")
        case "3D": return .configuration("\(message) at \(address): create it (createdb --encoding=UTF8), or mend the name in DOORBELL_DATABASE_URL")
        case "08", "53", "57", "58": return .unavailable("\(doing): the database \(address) says: \(message)")
        case "55": return .unavailable("\(doing): another session holds a lock for too long: \(message)")
        case "40": return .unavailable("\(doing): other transactions got in the way again and again (\(sqlState))")
        // Its words quote the value that was refused, which may be anybody's.
        case "22": return .conflict("\(doing): the database cannot hold a value (\(sqlState))")
        case "23": return .conflict("\(doing): \(message)")
        default: break
        }
        switch sqlState {
        case "42501": return .configuration("\(doing): \(message): the login of DOORBELL_DATABASE_URL lacks a right; see deploy/postgres/roles.sql")
        case "42P01", "3F000": return .configuration("\(doing): \(message): run doorbell migrate on this database first")
        case "25006": return .unavailable("\(doing): the database \(address) is read-only (a standby, or being switched)")
        case "26000", "42P05":
            return .configuration(
                "\(doing): \(message): a pooler hands out its connections by transaction: add prepared=off to DOORBELL_DATABASE_URL")
        default: return .internalError("\(doing): \(message) (\(sqlState))")
        }
    }
}
