import Domain
import GRDB
import Storage

extension SQLiteStore {
    public func mirrorEnds(of lines: [String]) async throws -> [String: MirrorEnd] {
        guard !lines.isEmpty else { return [:] }
        let wanted = JSONText.encode(lines)
        return try await read("reading where branches stand") { db in
            try Row.fetchAll(
                db.cachedStatement(
                    sql: """
                        SELECT line, end_place, end_revision FROM mirror_lines
                        WHERE line IN (SELECT value FROM json_each(?)) AND end_place IS NOT NULL
                        """), arguments: [wanted]
            ).reduce(into: [:]) { $0[$1[0]] = MirrorEnd(place: $1[1], revision: $1[2]) }
        }
    }
}

extension SQLiteTransaction {
    func openLines(of changes: [KeyedChange]) throws -> [String: MirrorLine] {
        let revisions = JSONText.encode(Set(changes.map(\.content.revision)).sorted())
        var lines: [String: MirrorLine] = [:]
        for name in Set(changes.compactMap(\.content.mirror?.line)) {
            let row = try first("SELECT last, end_place, end_revision FROM mirror_lines WHERE line = ?", [name])
            // Index: mirror_moves_revision.
            let moves = try all(
                """
                SELECT place, revision, source, change, chain FROM mirror_moves
                WHERE line = ? AND revision IN (SELECT value FROM json_each(?)) ORDER BY place
                """, [name, revisions])
            let places = try all("SELECT source, place FROM mirror_places WHERE line = ?", [name])
            let end = row.flatMap { row in (row[1] as Int64?).map { MirrorEnd(place: $0, revision: row[2]) } }
            lines[name] = MirrorLine(
                last: row.map { $0[0] } ?? 0, end: end, places: places.reduce(into: [:]) { $0[$1[0]] = $1[1] },
                moves: moves.map { MirrorLine.Move(place: $0[0], revision: $0[1], source: $0[2], change: .accepted(ChangeID($0[3]), ChainID($0[4]))) }
            )
        }
        return lines
    }

    func knownReceipts(of changes: [KeyedChange]) throws -> [ChangeKey: ChangeReceipt] {
        var known: [ChangeKey: ChangeReceipt] = [:]
        for change in changes where !change.isKeyNew { known[ChangeKey(change)] = try knownReceipt(change) }
        return known
    }

    func write(_ lines: [String: MirrorLine], changes: [ChangeReceipt]) throws {
        for (name, line) in lines {
            for move in line.appended {
                let receipt = move.change.receipt(changes)
                try run(
                    "INSERT INTO mirror_moves (line, place, revision, source, change, chain) VALUES (?, ?, ?, ?, ?, ?)",
                    [name, move.place, move.revision, move.source, receipt.id.rawValue, receipt.chain.rawValue])
            }
            if !line.appended.isEmpty {
                // Index: the key of mirror_moves.
                try run(
                    "DELETE FROM mirror_moves WHERE line = ? AND place <= ? AND place IS NOT ?",
                    [name, line.last - MirrorLine.kept, line.end?.place])
            }
            try run(
                """
                INSERT INTO mirror_lines (line, last, end_place, end_revision) VALUES (?, ?, ?, ?)
                ON CONFLICT (line) DO UPDATE SET last = excluded.last, end_place = excluded.end_place, end_revision = excluded.end_revision
                """, [name, line.last, line.end?.place, line.end?.revision])
            for (source, place) in line.places {
                try run(
                    """
                    INSERT INTO mirror_places (line, source, place) VALUES (?, ?, ?)
                    ON CONFLICT (line, source) DO UPDATE SET place = excluded.place WHERE place < excluded.place
                    """, [name, source, place])
            }
        }
    }

    func writeTellings(_ tellings: [(change: KeyedChange, first: ChangeReceipt)]) throws {
        for (change, first) in tellings {
            try run(
                "INSERT INTO change_keys (source, dedupe_key, change, chain) VALUES (?, ?, ?, ?)",
                [change.content.source, change.key, first.id.rawValue, first.chain.rawValue])
            try run(
                "INSERT INTO change_tellings (chain, change, source, told) VALUES (?, ?, ?, ?) ON CONFLICT (chain) DO NOTHING",
                [change.chain.rawValue, first.id.rawValue, change.content.source, now.microseconds])
        }
    }
}
