import Domain
import Storage

extension MatchSnapshot {
    private static let openSessions = """
        SELECT s.id, s.slots, w.paused FROM sessions s JOIN workers w ON w.name = s.worker
        WHERE s.id = ANY ($1::bigint[]) AND s.ended IS NULL ORDER BY s.id
        """
    /// Index: builds_open.
    private static let heldBuilds = "SELECT id, session, phase FROM builds WHERE session = ANY ($1::bigint[]) AND phase <> 'finished' ORDER BY id"
    /// Index: requests_pending, from its beginning, for each class and as far as asked; a class that is not asked for is never looked at.
    static let heads = """
        SELECT h.id, h.priority, c.id FROM unnest($1::bigint[], $2::bigint[]) AS c (id, wanted) CROSS JOIN LATERAL (
            SELECT r.id, r.priority FROM requests r
            WHERE r.match_class = c.id AND r.phase = 'pending' AND r.cancel_reason IS NULL AND \(isInTime("r", "$3")) AND \(isFirst("$3"))
            ORDER BY r.priority DESC, r.id LIMIT c.wanted
        """

    /// Leaves out what its deadline is about to end. Only of a request whose deadline has passed are the builds asked for; index: the unique (request, attempt).
    static func isInTime(_ r: String, _ now: String) -> String {
        """
        (\(r).deadline IS NULL OR \(r).deadline > coalesce(\(now), \(PostgresStore.clock))
            OR (SELECT max(b.started) FROM builds b WHERE b.request = \(r).id) IS NOT NULL)
        """
    }

    /// Leaves out what another request goes before that asks for the same: the build of the first answers both. So of those that wait for the same only one is
    /// ever given away, by however many dispatchers. Index: requests_identity, its first entry.
    private static func isFirst(_ now: String) -> String {
        "(r.identity IS NULL OR r.id = (SELECT o.id FROM \(same(now)) LIMIT 1))"
    }

    private static func isFirst(_ now: String, overdueBefore moment: String) -> String {
        "(r.identity IS NULL OR r.id = \(first(now, overdueBefore: moment)))"
    }

    /// Of those that ask for the same as `r` the one that is claimed, which may be itself. Where a request of any priority may be the first for its age, such
    /// a one is also the first of those that ask for the same; it is looked for among the first hundred of them, so that thousands cost no more.
    static func first(_ now: String, overdueBefore moment: String) -> String {
        """
        coalesce(
            CASE WHEN \(moment) IS NOT NULL THEN (
                SELECT min(a.id) FROM (SELECT o.id, o.created FROM \(same(now)) LIMIT 100) a WHERE a.created < \(moment)) END,
            (SELECT o.id FROM \(same(now)) LIMIT 1))
        """
    }

    /// The first of those that ask for the same as `r` beside itself.
    static func other(_ now: String) -> String {
        "(SELECT o.id FROM \(same(now, "AND o.id <> r.id")) LIMIT 1)"
    }

    /// The class is asked for in a way that no index serves: one that is read for it would be read from its beginning, past all that waits.
    private static func same(_ now: String, _ but: String = "") -> String {
        """
        requests o WHERE o.identity = r.identity AND o.phase = 'pending' AND o.match_class + 0 = r.match_class AND o.cancel_reason IS NULL
            AND \(isInTime("o", now)) \(but) ORDER BY o.priority DESC, o.id
        """
    }

    /// The same of each project. Index: requests_project, from its beginning, for each class and project; it is asked for the next project, and the next
    /// priority, one by one, so that no other request is read. $3: projects that need no look; $4: those of which a request of any priority may be the first
    /// for its age, so that the first of each priority are read; $6: the longest wait of each of those, in microseconds.
    static let headsOfProjects = """
        WITH RECURSIVE pairs (class, wanted, project) AS (
            SELECT c.id, c.wanted, (SELECT min(r.project) FROM requests r WHERE r.match_class = c.id AND r.phase = 'pending')
            FROM unnest($1::bigint[], $2::bigint[]) AS c (id, wanted)
            UNION ALL
            SELECT p.class, p.wanted, (
                SELECT min(r.project) FROM requests r WHERE r.match_class = p.class AND r.phase = 'pending' AND r.project > p.project)
            FROM pairs p WHERE p.project IS NOT NULL
        ), levels (class, wanted, project, priority) AS (
            SELECT p.class, p.wanted, p.project, (
                SELECT max(r.priority) FROM requests r WHERE r.match_class = p.class AND r.project = p.project AND r.phase = 'pending')
            FROM pairs p WHERE p.project <> ALL ($3::text[])
            UNION ALL
            SELECT l.class, l.wanted, l.project, (
                SELECT max(r.priority) FROM requests r
                WHERE r.match_class = l.class AND r.project = l.project AND r.phase = 'pending' AND r.priority < l.priority)
            FROM levels l WHERE l.priority IS NOT NULL AND l.project = ANY ($4::text[])
        )
        SELECT h.id, h.priority, l.class, l.project, h.created FROM levels l
        LEFT JOIN unnest($4::text[], $6::bigint[]) AS w (project, longest) ON w.project = l.project CROSS JOIN LATERAL (
            SELECT r.id, r.priority, r.created FROM requests r
            WHERE r.match_class = l.class AND r.project = l.project AND r.phase = 'pending' AND r.priority <= l.priority AND r.cancel_reason IS NULL
                AND \(isInTime("r", "$5")) AND \(isFirst("$5", overdueBefore: "coalesce($5, \(PostgresStore.clock)) - w.longest"))
            ORDER BY r.priority DESC, r.id LIMIT l.wanted
        """

    /// How many builds of each builder are open. Index: builds_open, which holds only open ones.
    private static let openBuilds = "SELECT builder, count(*) FROM builds WHERE phase <> 'finished' GROUP BY builder"
    /// The same of each project. Then the numbers of buildsets and stamps.
    private static let openBuildsOfProjects = """
        SELECT s.project, count(*) FROM builds b JOIN buildsets e ON e.id = b.buildset JOIN source_stamps s ON s.id = e.stamp
        WHERE b.phase <> 'finished' GROUP BY s.project
        """
    /// Indexes: sessions_open, builds_open.
    private static let pools = """
        SELECT s.labels, bool_or(s.slots > coalesce(h.builds, 0) AND s.id <> ALL ($1::bigint[]))
        FROM sessions s JOIN workers w ON w.name = s.worker
        LEFT JOIN (SELECT session, count(*) AS builds FROM builds WHERE phase <> 'finished' GROUP BY session) h ON h.session = s.id
        WHERE s.ended IS NULL AND NOT w.paused GROUP BY s.labels
        """
    /// Whoever gives away what a limit or a lock bounds is alone with that until it commits: it sees what the one before it gave away. It is taken before the
    /// locks of sessions and requests, or while nobody who has it waits for those.
    private static let boundsLock = "SELECT pg_advisory_xact_lock(1685021554, 5)"

    /// What there is to give, looked at without a lock.
    init(_ sql: PostgresTransaction, _ offers: [SlotOffer], _ store: PostgresStore) throws {
        let sessions = PostgresValue.integers(offers.map(\.session.rawValue))
        let known = store.matchClasses.all
        let rows = try sql.pipeline([
            (Self.openSessions, [sessions]), (Self.heldBuilds, [sessions]),
            // There are a few, and they may become visible in another order than that of their numbers.
            ("SELECT id, builder, labels FROM match_classes WHERE id <> ALL ($1::bigint[])", [.integers(known.keys)]),
            ("SELECT max(id) FROM configurations", []),
        ])
        self.init(offers, sessions: rows[0], held: rows[1])
        if !rows[2].isEmpty {
            store.matchClasses.add(
                try rows[2].map {
                    MatchClass(id: $0.int64(0), builder: $0.string(1), labels: try JSONText.decode(Labels.self, $0.string(2)))
                })
        }
        guard free > 0, let newest = rows[3].first?.optionalInt64(0),
            let configuration = try store.configuration(ConfigurationID(newest), sql)?.configuration
        else { return }
        let classes = store.matchClasses.all
        let eligible = eligible(classes.values, of: configuration)
        guard !eligible.isEmpty else { return }
        let bounded = configuration.boundedBuilders
        if eligible.contains(where: { bounded.contains($0.builder) }) {
            let rows = try sql.pipeline([(Self.openBuilds, []), (Self.pools, [sessions])] + Self.ofProjects(configuration, store))
            let counts = rows.dropFirst(2).first.map(Self.counts) ?? [:]
            bound(
                Occupancy(configuration, open: Self.counts(rows[0]), projects: counts),
                pools: try rows[1].map { Pool(labels: try JSONText.decode(Labels.self, $0.string(0)), isFreeElsewhere: $0.bool(1)) })
            if let now = rows.last?.first, rows.count > 3 { arrange(by: configuration.projects, now: now.time(0)) }
        }
        let wanted = wanted(eligible, among: classes.values, of: configuration)
        guard !wanted.isEmpty else { return }
        let heads = Self.heads(of: configuration, wanted.map { ($0.matchClass, $0.count) }, full: fullProjects, store)
        take(try sql.all("\(heads.statement)) h", heads.arguments), classes)
    }

    /// What is asked in addition where projects have shares: how many builds of each are open, and what time it is.
    private static func ofProjects(_ configuration: Configuration, _ store: PostgresStore) -> [(String, [PostgresValue])] {
        configuration.projects.isEmpty
            ? [] : [(openBuildsOfProjects, []), ("SELECT coalesce($1, \(PostgresStore.clock))", [store.clockArgument])]
    }

    private static func heads(
        of configuration: Configuration?, _ wanted: [(matchClass: Int64, count: Int)], full: [String], _ store: PostgresStore
    ) -> (statement: String, arguments: [PostgresValue]) {
        let classes: [PostgresValue] = [.integers(wanted.map(\.matchClass)), .integers(wanted.map { Int64($0.count) })]
        guard let projects = configuration?.projects, !projects.isEmpty else { return (heads, classes + [store.clockArgument]) }
        let overdue = projects.compactMap { rule in rule.longestWait.map { (name: rule.name, longest: $0.microseconds) } }
        return (
            headsOfProjects,
            classes + [.texts(full), .texts(overdue.map(\.name)), store.clockArgument, .integers(overdue.map(\.longest))]
        )
    }

    /// The same under locks: of each class as many requests as the first look would give away, passing over those that another dispatcher is giving away
    /// now. The sessions are held open until the builds are theirs. Who came first for a lock was decided by the first look: nobody else is looked at here.
    ///
    /// Where projects have shares, as many of each class and project; the order is that of what is open then.
    ///
    /// - Returns: nil before there is a configuration, and when the first look was by another one, which asked for other rows.
    static func locking(
        _ demand: [(key: Int64, value: Int)], _ offers: [SlotOffer], _ tx: PostgresStoreTransaction
    ) throws -> (MatchSnapshot, ConfigurationID)? {
        let sessions = PostgresValue.integers(offers.map(\.session.rawValue))
        let classes = tx.store.matchClasses.all
        let demanded = demand.compactMap { classes[$0.key]?.builder }
        let seen = tx.seenConfiguration?.configuration
        let bounds = [(Self.boundsLock, [PostgresValue]()), (Self.openBuilds, [])] + (seen.map { ofProjects($0, tx.store) } ?? [])
        let isBounded = !(seen?.boundedBuilders.isDisjoint(with: demanded) ?? true)
        let heads = heads(of: seen, demand.map { ($0.key, $0.value) }, full: [], tx.store)
        let rows = try tx.sql.pipeline(
            PostgresStoreTransaction.currentConfiguration + (isBounded ? bounds : []) + [
                (Self.openSessions + " FOR SHARE OF s", [sessions]), (Self.heldBuilds, [sessions]),
                ("\(heads.statement) FOR NO KEY UPDATE SKIP LOCKED) h", heads.arguments),
            ])
        guard let applied = try tx.currentConfiguration(newest: rows[1].first?.optionalInt64(0)),
            applied.configuration.projects == seen?.projects ?? []
        else { return nil }
        let last = rows.suffix(3).map { $0 }
        var snapshot = MatchSnapshot(offers, sessions: last[0], held: last[1])
        if isBounded {
            let hasProjects = !applied.configuration.projects.isEmpty
            snapshot.bound(Occupancy(applied.configuration, open: counts(rows[3]), projects: hasProjects ? counts(rows[4]) : [:]))
            if hasProjects, let now = rows[5].first { snapshot.arrange(by: applied.configuration.projects, now: now.time(0)) }
        } else if !applied.configuration.boundedBuilders.isDisjoint(with: demanded) {
            // The bounds came with a configuration that was applied since the first look; it has no projects, or those of before.
            snapshot.bound(Occupancy(applied.configuration, open: counts(try tx.sql.pipeline(bounds)[1])))
        }
        let builders = Set(applied.configuration.builders.map(\.name))
        snapshot.take(last[2], classes.filter { builders.contains($0.value.builder) })
        return (snapshot, applied.id)
    }

    /// The first request of each of these classes, and of each project where projects have shares, as a claim would read them.
    static func line(
        _ sql: PostgresTransaction, _ classes: [MatchClass], of configuration: Configuration, _ store: PostgresStore
    ) throws -> [WaitFacts.InLine] {
        guard !classes.isEmpty else { return [] }
        let known = Dictionary(uniqueKeysWithValues: classes.map { ($0.id, $0) })
        let heads = heads(of: configuration, classes.map { (matchClass: $0.id, count: 1) }, full: [], store)
        let isByProject = !configuration.projects.isEmpty
        return try sql.all("\(heads.statement)) h", heads.arguments).compactMap { row in
            known[row.int64(2)].map { WaitFacts.InLine(place: head(row, $0, isByProject).place, builder: $0.builder, labels: $0.labels) }
        }
    }

    private static func head(_ row: PostgresRow, _ matchClass: MatchClass, _ isByProject: Bool) -> Head {
        let head = Head(request: RequestID(row.int64(0)), priority: row.int(1), matchClass: matchClass)
        guard isByProject else { return head }
        return Head(request: head.request, priority: head.priority, matchClass: matchClass, project: row.string(3), created: row.time(4))
    }

    private static func counts(_ rows: [PostgresRow]) -> [String: Int] {
        rows.reduce(into: [:]) { $0[$1.string(0)] = $1.int(1) }
    }

    private init(_ offers: [SlotOffer], sessions: [PostgresRow], held: [PostgresRow]) {
        self.init(
            offers: offers, sessions: sessions.reduce(into: [:]) { $0[SessionID($1.int64(0))] = Session(slots: $1.int(1), paused: $1.bool(2)) },
            held: held.map {
                Held(build: BuildID($0.int64(0)), session: SessionID($0.int64(1)), phase: BuildPhase(rawValue: $0.string(2)) ?? .running)
            })
    }

    private mutating func take(_ rows: [PostgresRow], _ classes: [Int64: MatchClass]) {
        take(rows.compactMap { row in classes[row.int64(2)].map { Self.head(row, $0, isByProject) } })
    }
}
