import Domain
import Storage

extension PostgresStore {
    public func mirrorEnds(of lines: [String]) async throws -> [String: MirrorEnd] {
        guard !lines.isEmpty else { return [:] }
        return try await read("reading where branches stand") { sql in
            try sql.all(
                "SELECT line, end_place, end_revision FROM mirror_lines WHERE line = ANY($1::text[]) AND end_place IS NOT NULL", [.texts(lines)]
            ).reduce(into: [:]) { $0[$1.string(0)] = MirrorEnd(place: $1.int64(1), revision: $1.string(2)) }
        }
    }
}

extension PostgresStoreTransaction {
    func openLines(of changes: [KeyedChange]) throws -> [String: MirrorLine] {
        let names = Set(changes.compactMap(\.content.mirror?.line)).sorted()
        let rows = try sql.pipeline([
            // Before the lines: whoever waits for one of them holds this, and so cannot wait for whoever waits for that alone.
            ("SELECT pg_advisory_xact_lock_shared(\(Self.acceptance))", []),
            // The rows have to be there to be locked; one after the other, so that nobody waits in a ring.
            ("INSERT INTO mirror_lines (line) SELECT l FROM unnest($1::text[]) AS l ORDER BY l ON CONFLICT (line) DO NOTHING", [.texts(names)]),
            ("SELECT line, last, end_place, end_revision FROM mirror_lines WHERE line = ANY($1::text[]) ORDER BY line FOR UPDATE", [.texts(names)]),
            // Index: mirror_moves_revision.
            (
                """
                SELECT line, place, revision, source, change, chain FROM mirror_moves WHERE line = ANY($1::text[]) AND revision = ANY($2::text[])
                ORDER BY line, place
                """, [.texts(names), .texts(Set(changes.map(\.content.revision)).sorted())]
            ),
            (
                "SELECT line, source, place FROM mirror_places WHERE line = ANY($1::text[]) AND source = ANY($2::text[])",
                [.texts(names), .texts(Set(changes.map(\.content.source)).sorted())]
            ),
        ])
        let moves = Dictionary(grouping: rows[3], by: { $0.string(0) })
        let places = Dictionary(grouping: rows[4], by: { $0.string(0) })
        return rows[2].reduce(into: [:]) { lines, row in
            let name = row.string(0)
            lines[name] = MirrorLine(
                last: row.int64(1), end: row.optionalInt64(2).map { MirrorEnd(place: $0, revision: row.string(3)) },
                places: places[name, default: []].reduce(into: [:]) { $0[$1.string(1)] = $1.int64(2) },
                moves: moves[name, default: []].map {
                    MirrorLine.Move(
                        place: $0.int64(1), revision: $0.string(2), source: $0.string(3),
                        change: .accepted(ChangeID($0.int64(4)), ChainID($0.string(5))))
                })
        }
    }

    func write(_ lines: [String: MirrorLine], changes: [ChangeReceipt]) throws {
        let lines = lines.sorted { $0.key < $1.key }
        let moves = lines.flatMap { name, line in line.appended.map { (name, $0, $0.change.receipt(changes)) } }
        if !moves.isEmpty {
            sql.later(
                """
                INSERT INTO mirror_moves (line, place, revision, source, change, chain)
                SELECT * FROM unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::bigint[], $6::text[])
                """,
                [
                    .texts(moves.map(\.0)), .integers(moves.map(\.1.place)), .texts(moves.map(\.1.revision)), .texts(moves.map(\.1.source)),
                    .integers(moves.map(\.2.id.rawValue)), .texts(moves.map(\.2.chain.rawValue)),
                ])
            // Index: the key of mirror_moves.
            sql.later(
                """
                DELETE FROM mirror_moves m USING unnest($1::text[], $2::bigint[], $3::bigint[]) AS j (line, last, kept)
                WHERE m.line = j.line AND m.place <= j.last - $4 AND m.place IS DISTINCT FROM j.kept
                """,
                [
                    .texts(lines.map(\.key)), .integers(lines.map(\.value.last)), .integers(lines.map(\.value.end?.place)),
                    .integer(MirrorLine.kept),
                ])
        }
        sql.later(
            """
            UPDATE mirror_lines m SET last = j.last, end_place = j.place, end_revision = j.revision
            FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::text[]) AS j (line, last, place, revision)
            WHERE m.line = j.line AND (m.last, m.end_place) IS DISTINCT FROM (j.last, j.place)
            """,
            [
                .texts(lines.map(\.key)), .integers(lines.map(\.value.last)), .integers(lines.map(\.value.end?.place)),
                .texts(lines.map(\.value.end?.revision)),
            ])
        let places = lines.flatMap { name, line in line.places.sorted { $0.key < $1.key }.map { (name, $0.key, $0.value) } }
        guard !places.isEmpty else { return }
        sql.later(
            """
            INSERT INTO mirror_places (line, source, place) SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[])
            ON CONFLICT (line, source) DO UPDATE SET place = excluded.place WHERE mirror_places.place < excluded.place
            """, [.texts(places.map(\.0)), .texts(places.map(\.1)), .integers(places.map(\.2))])
    }

    func writeTellings(_ tellings: [(change: KeyedChange, first: ChangeReceipt)]) throws {
        guard !tellings.isEmpty else { return }
        let now = try now.microseconds
        // A key that somebody else wrote meanwhile has its answer.
        sql.later(
            """
            INSERT INTO change_keys (source, dedupe_key, change, chain)
            SELECT source, key, change, chain FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[]) AS j (source, key, change, chain)
            ORDER BY source, key ON CONFLICT (source, dedupe_key) DO NOTHING
            """,
            [
                .texts(tellings.map(\.change.content.source)), .texts(tellings.map(\.change.key)), .integers(tellings.map(\.first.id.rawValue)),
                .texts(tellings.map(\.first.chain.rawValue)),
            ])
        sql.later(
            """
            INSERT INTO change_tellings (chain, change, source, told)
            SELECT chain, change, source, $4 FROM unnest($1::text[], $2::bigint[], $3::text[]) AS j (chain, change, source)
            ORDER BY chain ON CONFLICT (chain) DO NOTHING
            """,
            [
                .texts(tellings.map(\.change.chain.rawValue)), .integers(tellings.map(\.first.id.rawValue)),
                .texts(tellings.map(\.change.content.source)), .integer(now),
            ])
    }
}
