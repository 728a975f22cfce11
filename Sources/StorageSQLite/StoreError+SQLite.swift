import GRDB
import Storage

extension StoreError {
    /// What a caller can do about an error of the database. Errors that are the store's own stay as they are.
    static func wrapping(_ error: any Error, doing: String) -> any Error {
        if error is StoreError || error is CancellationError { return error }
        return StoreError(error, doing: doing)
    }

    init(_ error: any Error, doing: String) {
        guard let error = error as? DatabaseError else {
            self = .internalError("\(doing): \(error)")
            return
        }
        // The message of SQLite without the statement's arguments, which may hold anything.
        let said = error.message ?? "error \(error.resultCode.rawValue)"
        switch error.resultCode {
        case .SQLITE_FULL:
            self = .unavailable("\(doing): the disk or the quota of the data directory is full; free some space and it goes on")
        case .SQLITE_IOERR:
            self = .unavailable("\(doing): the data directory could not be read or written (\(said)): check its disk")
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            self = .unavailable("\(doing): another program holds the database locked; end it, or try again later")
        case .SQLITE_CANTOPEN, .SQLITE_PERM, .SQLITE_READONLY:
            self = .unavailable("\(doing): the database cannot be opened for writing (\(said)): check the data directory's owner and permissions")
        case .SQLITE_NOTADB:
            self = .conflict("\(doing): the file is not a SQLite database; move it away, or choose another data directory")
        case .SQLITE_CORRUPT:
            self = .internalError("\(doing): the database is damaged (\(said)): restore a backup")
        case .SQLITE_CONSTRAINT:
            self = .conflict("\(doing): \(said)")
        default:
            self = .internalError("\(doing): \(said)")
        }
    }
}
