/// By what the fate of a transaction can be asked for after the answer to its COMMIT was lost.
///
/// Numbers of transactions are used again by a server that was promoted without having heard of the last ones, or restored; so the timeline is remembered too,
/// and another one has no answer.
struct PostgresTransactionNumber: Hashable, Sendable {
    var number: String
    /// The first eight digits of the name of the log file that is written to.
    var timeline: String

    static let columns = "pg_current_xact_id(), \(timeline)"
    static let count = 2
    static let timeline = "left(pg_walfile_name(pg_current_wal_insert_lsn()), 8)"

    init(_ row: PostgresRow) {
        number = row[0]
        timeline = row[1]
    }
}
