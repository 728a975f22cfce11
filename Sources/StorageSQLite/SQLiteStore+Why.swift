import Domain
import GRDB
import Storage

extension SQLiteStore {
    public func why(_ request: RequestID) async throws -> WaitFacts? {
        let configuration = applied.withLock { $0 }?.configuration
        return try await read("reading why a request waits") { [clock] db in
            guard let row = try RequestRow.find(request, db) else { return nil }
            let now = clock.now()
            let labels = try String.fetchOne(
                db.cachedStatement(sql: "SELECT c.labels FROM requests r JOIN match_classes c ON c.id = r.match_class WHERE r.id = ?"),
                arguments: [request.rawValue])
            let hasBegun = try Bool.fetchOne(
                db.cachedStatement(sql: "SELECT EXISTS (SELECT 1 FROM builds WHERE request = ? AND started IS NOT NULL)"),
                arguments: [request.rawValue])
            var facts = WaitFacts(
                request: row, required: try JSONText.decode(Labels.self, labels ?? "{}"), ahead: 0,
                workers: try WorkerRow.all(db), build: try (row.answeredBy ?? row.builds.last).flatMap { try BuildRow.find($0, db) },
                needs: row.phase == .waiting ? try NeedsGraph(Self.nodes(of: row.buildset, db)).open(request) : [],
                deadline: WaitFacts.Deadline(of: row, hasBegun: hasBegun ?? false, now: now))
            guard row.phase == .pending else { return facts }
            guard let configuration else { return facts }
            facts.same = try Self.same(as: row, configuration, db, now)
            facts.ahead = try Self.ahead(of: row, configuration, db, now)
            if configuration.boundedBuilders.contains(row.builder) { facts.bounds = try Self.bounds(db, now: now) }
            let classes = try MatchClass.all(db)
            facts.line = try MatchSnapshot.line(
                db, WaitFacts.competing(with: row.builder, requiring: facts.required, among: classes, workers: facts.workers, of: configuration),
                of: configuration, now: now)
            return facts
        }
    }

    /// As a claim finds it.
    private static func same(as row: RequestRow, _ configuration: Domain.Configuration, _ db: Database, _ now: Timestamp) throws -> WaitFacts.Same? {
        // Index: requests_identity.
        let statement = try db.cachedStatement(
            sql: """
                SELECT \(MatchSnapshot.first("?2", overdueBefore: "?3")), \(MatchSnapshot.other("?2"))
                FROM requests h WHERE h.id = ?1 AND h.identity IS NOT NULL
                """)
        let longest = configuration.projects.first { $0.name == row.stamp.project }?.longestWait
        let found = try Row.fetchOne(
            statement, arguments: [row.id.rawValue, now.microseconds, longest.map { now.advanced(by: .zero - $0).microseconds }])
        return found.flatMap {
            WaitFacts.Same(
                as: row.id, first: ($0[0] as Int64?).map { RequestID($0) }, other: ($0[1] as Int64?).map { RequestID($0) })
        }
    }

    /// How many of its class, and of its project where projects have shares, are before it in the order of the queue.
    private static func ahead(of row: RequestRow, _ configuration: Domain.Configuration, _ db: Database, _ now: Timestamp) throws -> Int {
        let project = configuration.projects.isEmpty ? nil : row.stamp.project
        let longest = configuration.projects.first { $0.name == project }?.longestWait
        // Indexes: requests_pending or requests_project.
        let statement = try db.cachedStatement(
            sql: """
                SELECT count(*) FROM (
                    SELECT id, priority, created, identity FROM requests
                    WHERE match_class = (SELECT match_class FROM requests WHERE id = ?1) AND phase = 'pending' AND cancel_reason IS NULL
                        \(project == nil ? "" : "AND project = ?3") ORDER BY priority DESC, id LIMIT ?6)
                WHERE (identity IS NULL OR identity IS NOT (SELECT identity FROM requests WHERE id = ?1))
                    AND CASE WHEN ?5 < ?4 THEN (created, id) < (?5, ?1)
                        ELSE coalesce(created < ?4, 0) OR priority > ?2 OR (priority = ?2 AND id < ?1) END
                """)
        return try Int.fetchOne(
            statement,
            arguments: [
                row.id.rawValue, row.priority, project, longest.map { now.advanced(by: .zero - $0).microseconds }, row.created.microseconds,
                WaitFacts.mostAhead + 1,
            ]) ?? 0
    }

    private static func bounds(_ db: Database, now: Timestamp) throws -> BoundFacts {
        // Index: builds_open, which holds only open ones; then the numbers of buildsets and stamps.
        let open = try Row.fetchAll(
            db.cachedStatement(
                sql: """
                    SELECT b.id, b.builder, b.assigned, s.project
                    FROM builds b CROSS JOIN buildsets e ON e.id = b.buildset CROSS JOIN source_stamps s ON s.id = e.stamp WHERE b.phase <> 'finished'
                    """)
        ).map { BoundFacts.OpenBuild(build: BuildID($0[0]), builder: $0[1], project: $0[3], assigned: Timestamp(microseconds: $0[2])) }
        return BoundFacts(open: open.sorted { $0.build < $1.build }, now: now)
    }

    private static func nodes(of buildset: BuildsetID, _ db: Database) throws -> [NeedsGraph.Node] {
        let statement = try db.cachedStatement(sql: "SELECT \(NeedsGraph.Node.columns) FROM requests WHERE buildset = ? ORDER BY id")
        return try Row.fetchAll(statement, arguments: [buildset.rawValue]).map { try NeedsGraph.Node(stored: $0, from: 0) }
    }
}

extension MatchClass {
    /// There are a few: one for each builder and what it asks for.
    fileprivate static func all(_ db: Database) throws -> [MatchClass] {
        try Row.fetchAll(db.cachedStatement(sql: "SELECT id, builder, labels FROM match_classes ORDER BY id")).map {
            MatchClass(id: $0[0], builder: $0[1], labels: try JSONText.decode(Labels.self, $0[2]))
        }
    }
}
