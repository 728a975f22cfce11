import Domain
import Storage

extension PostgresStore: SweepStore, ServiceStore {
    /// Each question ends at the first row of a table or partial index that holds only what is open.
    private static let questions = """
        EXISTS (SELECT 1 FROM unclassified), EXISTS (SELECT 1 FROM quiet_times WHERE fires IS NOT NULL),
        EXISTS (SELECT 1 FROM requests WHERE phase = 'pending'), EXISTS (SELECT 1 FROM builds WHERE phase <> 'finished'),
        EXISTS (SELECT 1 FROM awaited), EXISTS (SELECT 1 FROM triggered),
        EXISTS (SELECT 1 FROM requests WHERE deadline IS NOT NULL AND claimed IS NULL AND phase <> 'finished'),
        (SELECT version FROM access WHERE one = 1)
        """

    public func openWork() async throws -> OpenWork {
        try await pool.single("looking for open work", "SELECT \(Self.questions)") { rows in
            guard let row = rows.first else { throw StoreError.internalError("a question had no answer") }
            return OpenWork(stored: row, from: 0)
        }
    }

    /// One statement, which commits by itself. The row says when by the database's clock; $8 is null but in tests.
    private static let beat = """
        WITH moment AS MATERIALIZED (SELECT coalesce($8, \(clock)) AS now), alive AS (
            INSERT INTO services (incarnation, kind, name, program_version, address, health, started, heard)
            SELECT $1, $2, $3, $4, $5, $6, now, now FROM moment
            ON CONFLICT (incarnation) DO UPDATE SET health = excluded.health, heard = excluded.heard, address = excluded.address
        )
        """
    private static let answer = "SELECT (SELECT max(id) FROM configurations), \(questions)"
    private static let plainBeat = "\(beat) \(answer), $7::bigint"
    /// Sessions are locked in the order of their numbers. A beat after a gap begins a new time of reachability.
    private static let dispatchersBeat = """
        \(beat), heard AS (
            UPDATE sessions SET heard = now FROM moment
            WHERE id IN (SELECT id FROM sessions WHERE id = ANY ($9::bigint[]) AND ended IS NULL ORDER BY id FOR NO KEY UPDATE)
            RETURNING id
        ), reached AS (
            INSERT INTO reachability (since, beat) SELECT now, now FROM moment
            ON CONFLICT (one) DO UPDATE SET
                since = CASE WHEN excluded.beat - reachability.beat > $7 THEN excluded.since ELSE reachability.since END,
                beat = greatest(reachability.beat, excluded.beat)
            RETURNING since
        )
        \(answer), (SELECT since FROM reached),
            (SELECT coalesce(json_agg(id), '[]') FROM unnest($9::bigint[]) AS given (id) WHERE id NOT IN (SELECT id FROM heard))
        """

    public func beat(_ beat: ServiceBeat) async throws -> BeatAnswer {
        var arguments: [PostgresValue] = [
            .text(beat.incarnation), .text(beat.kind), .text(beat.name), .text(beat.version), .text(beat.address), .text(beat.health),
            beat.dispatches ? .integer((lease.period / 2).microseconds) : .null, clockArgument,
        ]
        if beat.dispatches { arguments.append(.integers(beat.sessions.map(\.rawValue))) }
        return try await pool.single("saying that this service lives", beat.dispatches ? Self.dispatchersBeat : Self.plainBeat, arguments) { rows in
            guard let row = rows.first else { throw StoreError.internalError("a question had no answer") }
            return BeatAnswer(
                work: OpenWork(stored: row, from: 1), configuration: row.optionalInt64(0).map { ConfigurationID($0) },
                reachableSince: row.optionalTime(1 + OpenWork.columns),
                ended: try row.optionalString(2 + OpenWork.columns).map { try JSONText.decode([SessionID].self, $0) } ?? [])
        }
    }

    public func services() async throws -> [ServiceRow] {
        try await pool.single(
            "listing services",
            """
            SELECT incarnation, kind, name, program_version, address, health, started, heard, coalesce($1, \(Self.clock)) FROM services
            ORDER BY kind, name COLLATE "C", started
            """, [clockArgument]
        ) { rows in
            rows.map { row in
                ServiceRow(
                    incarnation: row.string(0), kind: row.string(1), name: row.string(2), version: row.string(3), address: row.string(4),
                    health: row.string(5), started: row.time(6), heard: row.time(7), silence: row.time(8).since(row.time(7)))
            }
        }
    }

    public func endService(_ incarnation: String) async throws {
        try await pool.single("saying goodbye", "DELETE FROM services WHERE incarnation = $1", [.text(incarnation)])
    }

    public func forgetServices(silentFor period: Duration) async throws {
        try await pool.single(
            "forgetting services that are gone", "DELETE FROM services WHERE heard < coalesce($1, \(Self.clock)) - $2",
            [clockArgument, .integer(period.microseconds)])
    }
}

extension OpenWork {
    fileprivate static let columns = 8

    fileprivate init(stored row: PostgresRow, from first: Int) {
        self.init(
            unclassified: row.bool(first), quiet: row.bool(first + 1), pendingRequests: row.bool(first + 2), openBuilds: row.bool(first + 3),
            awaited: row.bool(first + 4), triggered: row.bool(first + 5), deadlines: row.bool(first + 6), access: row.int64(first + 7))
    }
}
