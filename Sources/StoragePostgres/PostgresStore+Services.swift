import Domain
import Storage

extension PostgresStore: SweepStore, ServiceStore {
    /// Each question ends at the first row of a table or partial index that holds only what is open.
    private static let questions = """
        EXISTS (SELECT 1 FROM unclassified), EXISTS (SELECT 1 FROM quiet_times WHERE fires IS NOT NULL),
        EXISTS (SELECT 1 FROM requests WHERE phase = 'pending'), EXISTS (SELECT 1 FROM builds WHERE phase <> 'finished')
        """

    public func openWork() async throws -> OpenWork {
        try await read("looking for open work") { sql in
            guard let row = try sql.first("SELECT \(Self.questions)") else { throw StoreError.internalError("a question had no answer") }
            return OpenWork(stored: row, from: 0)
        }
    }

    public func beat(_ beat: ServiceBeat) async throws -> BeatAnswer {
        try await write("saying that this service lives") { tx in
            let now = tx.now.microseconds
            var statements: [(String, [PostgresValue])] = [
                (
                    """
                    INSERT INTO services (incarnation, kind, name, program_version, address, health, started, heard)
                    VALUES ($1, $2, $3, $4, $5, $6, $7, $7)
                    ON CONFLICT (incarnation) DO UPDATE SET health = excluded.health, heard = excluded.heard, address = excluded.address
                    """,
                    [
                        .text(beat.incarnation), .text(beat.kind), .text(beat.name), .text(beat.version), .text(beat.address), .text(beat.health),
                        .integer(now),
                    ]
                ),
                ("SELECT (SELECT max(id) FROM configurations), \(Self.questions)", []),
            ]
            if beat.dispatches {
                statements += [
                    (
                        """
                        UPDATE sessions SET heard = $2
                        WHERE id IN (SELECT id FROM sessions WHERE id = ANY ($1::bigint[]) AND ended IS NULL ORDER BY id FOR NO KEY UPDATE)
                        """, [.integers(beat.sessions.map(\.rawValue)), .integer(now)]
                    ),
                    (
                        """
                        INSERT INTO reachability (since, beat) VALUES ($1, $1) ON CONFLICT (one) DO UPDATE SET
                            since = CASE WHEN excluded.beat - reachability.beat > $2 THEN excluded.since ELSE reachability.since END,
                            beat = greatest(reachability.beat, excluded.beat)
                        RETURNING since
                        """, [.integer(now), .integer((tx.store.lease.period / 2).microseconds)]
                    ),
                    (
                        """
                        SELECT given.id FROM unnest($1::bigint[]) AS given (id)
                        WHERE NOT EXISTS (SELECT 1 FROM sessions s WHERE s.id = given.id AND s.ended IS NULL)
                        """, [.integers(beat.sessions.map(\.rawValue))]
                    ),
                ]
            }
            let rows = try tx.sql.pipeline(statements)
            guard let row = rows[1].first else { throw StoreError.internalError("a question had no answer") }
            return BeatAnswer(
                work: OpenWork(stored: row, from: 1), configuration: row.optionalInt64(0).map { ConfigurationID($0) },
                reachableSince: beat.dispatches ? rows[3].first?.time(0) : nil,
                ended: beat.dispatches ? rows[4].map { SessionID($0.int64(0)) } : [])
        }
    }

    public func services() async throws -> [ServiceRow] {
        let now = try await now()
        return try await read("listing services") { sql in
            try sql.all(
                """
                SELECT incarnation, kind, name, program_version, address, health, started, heard FROM services
                ORDER BY kind, name COLLATE "C", started
                """
            ).map { row in
                ServiceRow(
                    incarnation: row.string(0), kind: row.string(1), name: row.string(2), version: row.string(3), address: row.string(4),
                    health: row.string(5), started: row.time(6), heard: row.time(7), silence: now.since(row.time(7)))
            }
        }
    }

    public func endService(_ incarnation: String) async throws {
        try await write("saying goodbye") { try $0.sql.run("DELETE FROM services WHERE incarnation = $1", [.text(incarnation)]) }
    }

    public func forgetServices(silentFor period: Duration) async throws {
        try await write("forgetting services that are gone") { tx in
            try tx.sql.run("DELETE FROM services WHERE heard < $1", [.integer(tx.now.advanced(by: .zero - period).microseconds)])
        }
    }
}

extension OpenWork {
    fileprivate init(stored row: PostgresRow, from first: Int) {
        self.init(
            unclassified: row.bool(first), quiet: row.bool(first + 1), pendingRequests: row.bool(first + 2), openBuilds: row.bool(first + 3))
    }
}
