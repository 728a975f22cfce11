/// By what the fate of a transaction can be asked for after the answer to its COMMIT was lost.
///
/// A number can be given out again after a crash, when nothing that its first owner wrote had reached the disk, and by a standby that was promoted without
/// having heard of it. So the run of the server is remembered too. In another run "committed" may be said of a later transaction; every other answer still
/// holds, because what had committed would be found.
struct PostgresTransactionNumber: Hashable, Sendable {
    var number: String
    /// The server's run in which it was given out; see `PostgresConnection.identify`.
    var run: String

    enum Fate: Equatable, Sendable {
        case committed
        case notCommitted
        /// The server still works on it.
        case open
        case unknown
    }

    /// What is true when the server gives this answer to `pg_xact_status` in that run; nil is no answer.
    func fate(status: String?, run: String) -> Fate {
        switch status {
        case "committed": run == self.run ? .committed : .unknown
        case "aborted", Self.notGivenOut: .notCommitted
        case "in progress": run == self.run ? .open : .notCommitted
        default: .unknown
        }
    }

    /// The number is higher than any that the server knows.
    static let notGivenOut = "not given out"
}

extension PostgresConnection {
    /// The timeline, and since when the server counts: it begins anew after each crash, whoever keeps running. Both readable by everybody, and both the same
    /// for as long as a connection lives.
    private static let identity = """
        SELECT CASE WHEN pg_is_in_recovery() THEN '' ELSE left(pg_walfile_name(pg_current_wal_insert_lsn()), 8) END
            || ' ' || coalesce(stats_reset::text, '') FROM pg_stat_bgwriter
        """

    /// Learns which run of the server this is.
    func identify() throws(PostgresError) -> String {
        try run([.init(Self.identity)])[0].rows.first?[0] ?? ""
    }

    /// What became of a transaction whose answer was lost.
    func fate(of transaction: PostgresTransactionNumber) throws(PostgresError) -> PostgresTransactionNumber.Fate {
        let run = try identify()
        do throws(PostgresError) {
            let status: String? = try self.run([.init("SELECT pg_xact_status($1::xid8)", [.text(transaction.number)])])[0].rows.first?[0]
            return transaction.fate(status: status, run: run)
        } catch {
            // Invalid parameter value: "transaction ID 4711 is in the future".
            guard error.sqlState == "22023" else { throw error }
            return transaction.fate(status: PostgresTransactionNumber.notGivenOut, run: run)
        }
    }
}
