import Domain
import GRDB
import Storage

extension SQLiteStore: DispatchStore {
    public func match(_ offers: [SlotOffer]) async throws -> MatchResult {
        guard !offers.isEmpty else { return MatchResult([]) }
        let configuration = applied.withLock { $0 }?.configuration
        let classes = matchClasses
        let seen = try await read("looking for work") { [clock] db in
            try MatchSnapshot(db, offers: offers, configuration: configuration, classes: classes, now: clock.now())
        }
        // Nothing to give is the usual case: then nothing is written.
        guard !seen.isEmpty else { return MatchResult([], changesIn: seen.changesIn) }
        let given: [Assignment] = try await write("assigning builds") { tx in
            guard let applied = tx.currentConfiguration() else { return [] }
            // Decided again on what is true now, with no other writer between.
            let snapshot = try MatchSnapshot(tx.db, offers: offers, configuration: applied.configuration, classes: classes, now: tx.now)
            let again = try tx.assignments(snapshot.unheard)
            return again + (try tx.assign(snapshot.decide(), configuration: applied.id))
        }
        return MatchResult(given, changesIn: seen.changesIn)
    }
}

extension MatchSnapshot {
    /// The first requests of each class. Index: requests_pending, from its beginning, for each class; a class that nobody here can serve is never
    /// looked at, and none is read beyond the limit.
    static let headsOfClasses = """
        SELECT r.id, r.priority, r.match_class FROM json_each(?1) c CROSS JOIN requests r ON r.id IN (
            SELECT h.id FROM requests h WHERE h.match_class = c.value AND h.phase = 'pending' AND h.cancel_reason IS NULL AND \(isInTime("h", "?3"))
                AND \(isFirst("?3"))
            ORDER BY h.priority DESC, h.id LIMIT ?2)
        """

    /// Leaves out what its deadline is about to end. Only of a request whose deadline has passed are the builds asked for; index: the unique (request, attempt).
    static func isInTime(_ h: String, _ now: String) -> String {
        """
        (\(h).deadline IS NULL OR \(h).deadline > \(now) OR (SELECT max(b.started) FROM builds b WHERE b.request = \(h).id) IS NOT NULL)
        """
    }

    /// Leaves out what another request goes before that asks for the same: the build of the first answers both. Index: requests_identity, its first entry.
    private static func isFirst(_ now: String) -> String {
        "(h.identity IS NULL OR h.id = (SELECT o.id FROM \(same(now)) LIMIT 1))"
    }

    private static func isFirst(_ now: String, overdueBefore moment: String) -> String {
        "(h.identity IS NULL OR h.id = \(first(now, overdueBefore: moment)))"
    }

    /// Of those that ask for the same as `h` the one that is claimed, which may be itself. Where a request of any priority may be the first for its age, such
    /// a one is also the first of those that ask for the same; it is looked for among the first hundred of them, so that thousands cost no more.
    static func first(_ now: String, overdueBefore moment: String) -> String {
        """
        coalesce(
            CASE WHEN \(moment) IS NOT NULL THEN (
                SELECT min(a.id) FROM (SELECT o.id, o.created FROM \(same(now)) LIMIT 100) a WHERE a.created < \(moment)) END,
            (SELECT o.id FROM \(same(now)) LIMIT 1))
        """
    }

    /// The first of those that ask for the same as `h` beside itself.
    static func other(_ now: String) -> String {
        "(SELECT o.id FROM \(same(now, "AND o.id <> h.id")) LIMIT 1)"
    }

    private static func same(_ now: String, _ but: String = "") -> String {
        """
        requests o INDEXED BY requests_identity
        WHERE o.identity = h.identity AND o.phase = 'pending' AND o.match_class = h.match_class AND o.cancel_reason IS NULL
            AND \(isInTime("o", now)) \(but) ORDER BY o.priority DESC, o.id
        """
    }

    init(_ db: Database, offers: [SlotOffer], configuration: Domain.Configuration?, classes: MatchClassCache, now: Timestamp) throws {
        let sessions = JSONText.list(offers.map(\.session))
        let open = try Row.fetchAll(
            db.cachedStatement(
                sql: """
                    SELECT s.id, s.slots, w.paused FROM sessions s JOIN workers w ON w.name = s.worker
                    WHERE s.id IN (SELECT value FROM json_each(?)) AND s.ended IS NULL
                    """), arguments: [sessions])
        // Index: builds_open.
        let builds = try Row.fetchAll(
            db.cachedStatement(
                sql: """
                    SELECT id, session, phase FROM builds
                    WHERE session IN (SELECT value FROM json_each(?)) AND phase <> 'finished' ORDER BY id
                    """), arguments: [sessions])
        self.init(
            offers: offers,
            sessions: open.reduce(into: [:]) { $0[SessionID($1[0])] = Session(slots: $1[1], paused: $1[2]) },
            held: builds.map { Held(build: BuildID($0[0]), session: SessionID($0[1]), phase: BuildPhase(rawValue: $0[2]) ?? .running) })
        guard free > 0, let configuration else { return }
        try classes.refresh(db)
        let known = classes.all
        let eligible = eligible(known.values, of: configuration)
        guard !eligible.isEmpty else { return }
        let bounded = configuration.boundedBuilders
        if eligible.contains(where: { bounded.contains($0.builder) }) {
            let projects = configuration.projects.isEmpty ? [:] : try Self.openBuildsOfProjects(db)
            bound(Occupancy(configuration, open: try Self.openBuilds(db), projects: projects), pools: try Self.pools(db, sessions))
        }
        let wanted = wanted(eligible, among: known.values, of: configuration)
        guard !wanted.isEmpty else { return }
        guard configuration.projects.isEmpty else {
            arrange(by: configuration.projects, now: now)
            take(try Self.heads(db, wanted, full: fullProjects, overdue: configuration.projects, classes: known, now: now))
            return
        }
        // A statement has one limit for all classes: what it reads beyond what is wanted of one is passed over.
        var left = wanted.reduce(into: [Int64: Int]()) { $0[$1.matchClass] = $1.count }
        let rows = try Row.fetchAll(
            db.cachedStatement(sql: Self.headsOfClasses),
            arguments: [JSONText.list(wanted.map(\.matchClass)), wanted.map(\.count).max(), now.microseconds])
        let heads = rows.compactMap { row in known[row[2]].map { Head(request: RequestID(row[0]), priority: row[1], matchClass: $0) } }
        take(
            heads.sorted { ($1.priority, $0.request) < ($0.priority, $1.request) }.filter { head in
                left[head.matchClass.id, default: 0] -= 1
                return left[head.matchClass.id, default: 0] >= 0
            })
    }
}

extension MatchSnapshot {
    /// How many builds of each builder are open. Index: builds_open, which holds only open ones.
    private static func openBuilds(_ db: Database) throws -> [String: Int] {
        let statement = try db.cachedStatement(sql: "SELECT builder, count(*) FROM builds WHERE phase <> 'finished' GROUP BY +builder")
        return try Row.fetchAll(statement).reduce(into: [:]) { $0[$1[0]] = $1[1] }
    }

    /// How many builds of each project are open. Index: builds_open, then the numbers of buildsets and stamps.
    private static func openBuildsOfProjects(_ db: Database) throws -> [String: Int] {
        let statement = try db.cachedStatement(
            sql: """
                SELECT s.project, count(*) FROM builds b CROSS JOIN buildsets e ON e.id = b.buildset CROSS JOIN source_stamps s ON s.id = e.stamp
                WHERE b.phase <> 'finished' GROUP BY s.project
                """)
        return try Row.fetchAll(statement).reduce(into: [:]) { $0[$1[0]] = $1[1] }
    }

    /// The first requests of each class and project. Index: requests_project, from its beginning, for each; it is asked for the next project, and the next
    /// priority, one by one, so that no other request is read.
    static let headsOfProjects = """
        WITH RECURSIVE pairs (class, project) AS (
            SELECT c.value, (
                SELECT r.project FROM requests r INDEXED BY requests_project
                WHERE r.match_class = c.value AND r.phase = 'pending' ORDER BY r.project LIMIT 1)
            FROM json_each(?1) c
            UNION ALL
            SELECT p.class, (
                SELECT r.project FROM requests r INDEXED BY requests_project
                WHERE r.match_class = p.class AND r.project > p.project AND r.phase = 'pending' ORDER BY r.project LIMIT 1)
            FROM pairs p WHERE p.project IS NOT NULL
        ), levels (class, project, priority) AS (
            SELECT p.class, p.project, (
                SELECT r.priority FROM requests r INDEXED BY requests_project
                WHERE r.match_class = p.class AND r.project = p.project AND r.phase = 'pending' ORDER BY r.priority DESC LIMIT 1)
            FROM pairs p WHERE p.project NOT IN (SELECT value FROM json_each(?3))
            UNION ALL
            SELECT l.class, l.project, (
                SELECT r.priority FROM requests r INDEXED BY requests_project
                WHERE r.match_class = l.class AND r.project = l.project AND r.priority < l.priority AND r.phase = 'pending'
                ORDER BY r.priority DESC LIMIT 1)
            FROM levels l WHERE l.priority IS NOT NULL AND l.project IN (SELECT value FROM json_each(?4))
        )
        SELECT r.id, r.priority, r.match_class, r.project, r.created FROM levels l CROSS JOIN requests r ON r.id IN (
            SELECT h.id FROM requests h INDEXED BY requests_project
            WHERE h.match_class = l.class AND h.project = l.project AND h.priority <= l.priority AND h.phase = 'pending' AND h.cancel_reason IS NULL
                AND \(isInTime("h", "?5")) AND \(isFirst("?5", overdueBefore: "(SELECT w.value FROM json_each(?6) w WHERE w.key = l.project)"))
            ORDER BY h.priority DESC, h.id LIMIT ?2)
        """

    /// Where a request of any priority may be the first for its age, the first of each priority are read.
    private static func heads(
        _ db: Database, _ wanted: [(matchClass: Int64, count: Int)], full: [String], overdue projects: [ProjectRule], classes: [Int64: MatchClass],
        now: Timestamp
    ) throws -> [Head] {
        let rows = try Row.fetchAll(
            db.cachedStatement(sql: headsOfProjects),
            arguments: [
                JSONText.list(wanted.map(\.matchClass)), wanted.map(\.count).max(), JSONText.encode(full),
                JSONText.encode(projects.filter { $0.longestWait != nil }.map(\.name)), now.microseconds,
                try JSONText.encode(
                    projects.reduce(into: [String: Int64]()) { moments, rule in
                        moments[rule.name] = rule.longestWait.map { now.advanced(by: .zero - $0).microseconds }
                    }),
            ])
        return rows.compactMap { row in
            classes[row[2]].map {
                Head(request: RequestID(row[0]), priority: row[1], matchClass: $0, project: row[3], created: Timestamp(microseconds: row[4]))
            }
        }
    }

    /// The first request of each of these classes, and of each project where projects have shares, as a claim would read them.
    static func line(_ db: Database, _ classes: [MatchClass], of configuration: Domain.Configuration, now: Timestamp) throws -> [WaitFacts.InLine] {
        guard !classes.isEmpty else { return [] }
        let known = Dictionary(uniqueKeysWithValues: classes.map { ($0.id, $0) })
        let heads: [Head]
        if configuration.projects.isEmpty {
            let rows = try Row.fetchAll(
                db.cachedStatement(sql: headsOfClasses), arguments: [JSONText.list(classes.map(\.id)), 1, now.microseconds])
            heads = rows.compactMap { row in known[row[2]].map { Head(request: RequestID(row[0]), priority: row[1], matchClass: $0) } }
        } else {
            heads = try self.heads(
                db, classes.map { (matchClass: $0.id, count: 1) }, full: [], overdue: configuration.projects, classes: known, now: now)
        }
        return heads.map { WaitFacts.InLine(place: $0.place, builder: $0.matchClass.builder, labels: $0.matchClass.labels) }
    }

    /// Indexes: sessions_open, builds_open.
    private static func pools(_ db: Database, _ offering: String) throws -> [Pool] {
        let statement = try db.cachedStatement(
            sql: """
                SELECT s.labels, max(s.id NOT IN (SELECT value FROM json_each(?))
                    AND s.slots > (SELECT count(*) FROM builds b WHERE b.session = s.id AND b.phase <> 'finished'))
                FROM sessions s JOIN workers w ON w.name = s.worker WHERE s.ended IS NULL AND NOT w.paused GROUP BY s.labels
                """)
        return try Row.fetchAll(statement, arguments: [offering]).map {
            Pool(labels: try JSONText.decode(Labels.self, $0[0]), isFreeElsewhere: $0[1])
        }
    }
}

extension MatchClassCache {
    /// Learns the classes that were added. A transaction that itself made a class must not ask: it could still fail.
    fileprivate func refresh(_ db: Database) throws {
        let statement = try db.cachedStatement(sql: "SELECT id, builder, labels FROM match_classes WHERE id > ?")
        // One writer: what is missing here has a number beyond the last one known.
        let new = try Row.fetchAll(statement, arguments: [all.keys.max() ?? 0]).map {
            MatchClass(id: $0[0], builder: $0[1], labels: try JSONText.decode(Labels.self, $0[2]))
        }
        if !new.isEmpty { add(new) }
    }
}
