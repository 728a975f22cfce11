import Storage

/// What the database or the way to it said. Holds no values of statements, which may be secret.
struct PostgresError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Five characters, as in the SQL standard; nil when the connection itself failed.
    var sqlState: String?
    var message: String
    /// The connection is gone; whether the last statement was carried out is not known.
    var isConnectionLost: Bool

    var description: String { sqlState.map { "\(message) (\($0))" } ?? message }

    /// The whole transaction may be tried again: it lost against another.
    var isRetryable: Bool { sqlState == "40001" || sqlState == "40P01" }

    /// What a caller can do about it.
    func storeError(doing: String, at address: String) -> StoreError {
        guard let sqlState else { return .unavailable("\(doing): the database \(address) cannot be reached: \(message)") }
        switch sqlState.prefix(2) {
        case "28": return .configuration("the database \(address) refuses the login: \(message); check user and password of DOORBELL_DATABASE_URL")
        case "3D": return .configuration("\(message) at \(address): create it (createdb --encoding=UTF8), or mend the name in DOORBELL_DATABASE_URL")
        case "08", "53", "57", "58": return .unavailable("\(doing): \(message)")
        case "55": return .unavailable("\(doing): another session holds a lock for too long: \(message)")
        case "40": return .unavailable("\(doing): other transactions got in the way again and again (\(sqlState))")
        case "23": return .conflict("\(doing): \(message)")
        default: break
        }
        switch sqlState {
        case "42501": return .configuration("\(doing): \(message): the login of DOORBELL_DATABASE_URL lacks a right; see deploy/postgres/roles.sql")
        case "42P01", "3F000": return .configuration("\(doing): \(message): run doorbell migrate on this database first")
        case "25006": return .unavailable("\(doing): the database is read-only (a standby, or being switched)")
        default: return .internalError("\(doing): \(message) (\(sqlState))")
        }
    }
}
