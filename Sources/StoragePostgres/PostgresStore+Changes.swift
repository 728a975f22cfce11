import Domain
import Storage

extension PostgresStore: ChangeStore {
    public func accept(_ changes: [NewChange], advancing: SourceAdvance?) async throws -> [ChangeReceipt] {
        try await write("accepting changes") { try $0.accept(changes, advancing: advancing) }
    }
}

extension PostgresStoreTransaction: ChangeTransaction {
    /// Whoever accepts holds this lock together with all others who do; a timer takes it alone for a moment, and knows that every change accepted before
    /// that moment is visible (see `fireQuietTimes`).
    static let acceptance = "1685021554, 2"

    func position(of source: String) throws -> String? {
        // The row has to be there to be locked.
        let rows = try sql.pipeline([
            ("INSERT INTO sources (name) VALUES ($1) ON CONFLICT (name) DO NOTHING", [.text(source)]),
            ("SELECT position FROM sources WHERE name = $1 FOR UPDATE", [.text(source)]),
        ])
        return rows[1].first?.optionalString(0)
    }

    func writePosition(_ source: String, _ position: String) throws {
        sql.later("UPDATE sources SET position = $2 WHERE name = $1", [.text(source), .text(position)])
    }

    func accept(_ changes: [KeyedChange]) throws -> [ChangeReceipt] {
        // The lock comes before the time of acceptance is read. The keys are taken in their own order, so that batches that repeat each other's changes
        // do not wait for each other in a ring; the numbers are given in the order of the changes.
        let taken = try sql.pipeline([
            ("SELECT pg_advisory_xact_lock_shared(\(Self.acceptance))", []), ("SELECT \(PostgresStore.clock)", []),
            (
                """
                WITH given AS MATERIALIZED (
                    SELECT j.*, nextval('changes_id') AS id FROM (
                        SELECT * FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY AS u (source, key, chain, place) ORDER BY place) j
                )
                INSERT INTO change_keys (source, dedupe_key, change, chain) SELECT source, key, id, chain FROM given ORDER BY source, key, place
                ON CONFLICT (source, dedupe_key) DO NOTHING RETURNING source, dedupe_key, change
                """,
                [.texts(changes.map(\.content.source)), .texts(changes.map(\.key)), .texts(changes.map(\.chain.rawValue))]
            ),
        ])
        guard let moment = taken[1].first?.time(0) else { throw StoreError.internalError("the clock had no answer") }
        let accepted = store.manualClock?.now() ?? moment
        var fresh = taken[2].reduce(into: [ChangeKey: Int64]()) { $0[ChangeKey(source: $1.string(0), key: $1.string(1))] = $1.int64(2) }
        let known = try knownReceipts(of: changes.filter { fresh[ChangeKey($0)] == nil })
        var receipts: [ChangeReceipt] = []
        var new: [(id: Int64, change: KeyedChange)] = []
        var made: [ChangeKey: ChangeReceipt] = [:]
        for change in changes {
            let key = ChangeKey(change)
            if let id = fresh.removeValue(forKey: key) {
                new.append((id, change))
                receipts.append(ChangeReceipt(id: ChangeID(id), chain: change.chain, created: true))
                made[key] = ChangeReceipt(id: ChangeID(id), chain: change.chain, created: false)
            } else if let earlier = made[key] ?? known[key] {
                receipts.append(earlier)
            } else {
                throw StoreError.internalError("a change was neither new nor known")
            }
        }
        if !new.isEmpty { try insert(new, accepted: accepted) }
        return receipts
    }

    func knownReceipts(of changes: [KeyedChange]) throws -> [ChangeKey: ChangeReceipt] {
        guard !changes.isEmpty else { return [:] }
        // A statement of its own: it sees what the insert waited for.
        return try sql.all(
            """
            SELECT k.source, k.dedupe_key, k.change, k.chain FROM unnest($1::text[], $2::text[]) AS j (source, key)
            JOIN change_keys k ON k.source = j.source AND k.dedupe_key = j.key
            """,
            [.texts(changes.map(\.content.source)), .texts(changes.map(\.key))]
        ).reduce(into: [:]) {
            $0[ChangeKey(source: $1.string(0), key: $1.string(1))] = Self.knownReceipt($1)
        }
    }

    /// Source, key, change, chain.
    private static func knownReceipt(_ row: PostgresRow) -> ChangeReceipt {
        ChangeReceipt(id: ChangeID(row.int64(2)), chain: ChainID(row.string(3)), created: false)
    }

    private func insert(_ new: [(id: Int64, change: KeyedChange)], accepted: Timestamp) throws {
        let contents = new.map(\.change.content)
        sql.later(
            """
            INSERT INTO changes (id, source, dedupe_key, chain, project, repository, branch, revision, author, comments, files, category, made,
                properties, accepted, submitted_by)
            SELECT id, source, key, chain, project, repository, branch, revision, author, comments, files::json, category, made, properties::json, $15,
                submitted_by
            FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[],
                $11::text[], $12::text[], $13::bigint[], $14::text[], $16::text[]) AS j (id, source, key, chain, project, repository, branch, revision,
                author, comments, files, category, made, properties, submitted_by)
            """,
            [
                .integers(new.map(\.id)), .texts(contents.map(\.source)), .texts(new.map(\.change.key)), .texts(new.map(\.change.chain.rawValue)),
                .texts(contents.map(\.project)), .texts(contents.map(\.repository)), .texts(contents.map(\.branch)),
                .texts(contents.map(\.revision)), .texts(contents.map(\.author)), .texts(contents.map(\.comments)),
                .texts(contents.map { JSONText.encode($0.files) }), .texts(contents.map(\.category)),
                .integers(contents.map { $0.when?.microseconds }), .texts(try contents.map { try JSONText.encode($0.properties) }),
                .integer(accepted.microseconds), .texts(contents.map(\.submittedBy)),
            ])
        sql.later(
            "INSERT INTO unclassified (change, accepted) SELECT change, $2 FROM unnest($1::bigint[]) AS change",
            [.integers(new.map(\.id)), .integer(accepted.microseconds)])
    }
}
