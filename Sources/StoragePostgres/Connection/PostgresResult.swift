import CPostgres

/// What one statement gave, as libpq keeps it: values are read where they are wanted, without a copy of the whole.
// Unchecked: a result is never written after PQgetResult gave it, and freed once, by the last that holds it.
final class PostgresResult: @unchecked Sendable {
    private let pointer: OpaquePointer
    /// Where a value of an unexpected type is noted.
    let faults: PostgresFaults
    let columns: Int32
    let rowCount: Int32

    init(_ pointer: OpaquePointer, faults: PostgresFaults) {
        self.pointer = pointer
        self.faults = faults
        columns = PQnfields(pointer)
        rowCount = PQntuples(pointer)
    }

    deinit { PQclear(pointer) }

    /// The bytes of a value in its text form; nil for NULL and for a column that is not there.
    func value(_ row: Int32, _ column: Int) -> UnsafeBufferPointer<UInt8>? {
        guard let place = Int32(exactly: column), (0..<columns).contains(place), (0..<rowCount).contains(row), PQgetisnull(pointer, row, place) == 0,
            let start = PQgetvalue(pointer, row, place)
        else { return nil }
        return UnsafeBufferPointer(start: UnsafeRawPointer(start).assumingMemoryBound(to: UInt8.self), count: Int(PQgetlength(pointer, row, place)))
    }

    var rows: [PostgresRow] { (0..<rowCount).map { PostgresRow(result: self, number: $0) } }

    /// What was done, in the server's words: `COMMIT`, `UPDATE 3`.
    var tag: String { String(cString: PQcmdStatus(pointer)) }
    /// Rows that the statement changed or gave.
    var count: Int { Int(String(cString: PQcmdTuples(pointer))) ?? 0 }
}
