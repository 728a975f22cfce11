import Domain
import GRDB
import Storage

extension SQLiteStore: DispatchStore {
    public func match(_ offers: [SlotOffer]) async throws -> [Assignment] {
        guard !offers.isEmpty else { return [] }
        let classes = matchClasses
        let configuration = applied.withLock { $0 }?.configuration
        let seen = try await read("looking for work") { db in
            try MatchSnapshot(db, offers: offers, configuration: configuration, classes: try classes.all(db))
        }
        // Nothing to give is the usual case: then nothing is written.
        guard !seen.isEmpty else { return [] }
        return try await write("assigning builds") { tx in
            guard let applied = tx.applied else { return [] }
            // Decided again on what is true now, with no other writer between.
            let snapshot = try MatchSnapshot(
                tx.db, offers: offers, configuration: applied.configuration, classes: try classes.all(tx.db))
            let again = try tx.assignments(snapshot.unheard.sorted())
            let new = try tx.claim(snapshot.decide(), configuration: applied.id)
            return again + (try tx.assignments(new))
        }
    }
}

extension SQLiteTransaction {
    /// Makes a build for each request, in four statements and one for a batch of events.
    func claim(_ decided: [(request: RequestID, offer: SlotOffer)], configuration: ConfigurationID) throws -> [BuildID] {
        guard !decided.isEmpty else { return [] }
        let offers = Dictionary(uniqueKeysWithValues: decided.map { ($0.request, $0.offer) })
        let claimed = try all(
            """
            UPDATE requests SET phase = 'claimed', claimed = ?, attempts = attempts + 1, fence = fence + 1, version = version + 1
            WHERE id IN (SELECT value FROM json_each(?)) AND phase = 'pending'
            RETURNING id, buildset, builder, priority, attempts, fence, version
            """,
            [now.microseconds, JSONText.list(decided.map(\.request))])
        guard claimed.count == decided.count else { throw StoreError.internalError("a request that was to be claimed is not pending") }
        var rows: [RequestID: ClaimRow] = [:]
        for row in claimed {
            let request: RequestID = RequestID(row[0])
            guard let offer = offers[request] else { continue }
            let context = try context(of: BuildsetID(row[1]))
            rows[request] = ClaimRow(
                request: request, buildset: context.id, builder: row[2], branch: context.stamp.branch, worker: offer.worker,
                session: offer.session, configuration: configuration, fence: row[5], priority: row[3], attempts: row[4], version: row[6])
        }
        // Index: the unique (request, attempt), for the number of the attempt.
        let made = try all(
            """
            INSERT INTO builds (request, buildset, builder, branch, worker, session, attempt, configuration, phase, fence, assigned, renewed, version)
            SELECT value ->> 'request', value ->> 'buildset', value ->> 'builder', value ->> 'branch', value ->> 'worker', value ->> 'session',
                (SELECT coalesce(max(b.attempt), 0) + 1 FROM builds b WHERE b.request = (value ->> 'request')),
                value ->> 'configuration', 'assigned', value ->> 'fence', ?1, ?1, 1
            FROM json_each(?2) RETURNING id, request, attempt
            """,
            [now.microseconds, try JSONText.encode(decided.compactMap { rows[$0.request] })])
        var events: [PendingEvent] = []
        var builds: [BuildID] = []
        for row in made.sorted(by: { left, right in (left[0] as Int64) < (right[0] as Int64) }) {
            guard let claim = rows[RequestID(row[1])] else { continue }
            let build: BuildID = BuildID(row[0])
            builds.append(build)
            events += claim.events(build: build, attempt: row[2], context: try context(of: claim.buildset))
        }
        emit(events)
        return builds
    }

    /// Builds as their workers are handed them.
    func assignments(_ builds: [BuildID]) throws -> [Assignment] {
        guard !builds.isEmpty else { return [] }
        let rows = try self.builds(builds)
        return try builds.compactMap { rows[$0] }.map { build in
            let context = try context(of: build.buildset)
            let builder = try store.recipes.builder(build.builder, build.configuration, db)
            // What a change, a rule or a person set is stronger than the builder's own defaults.
            let defaults = Properties(builder.properties, source: "builder \(builder.name)")
            return Assignment(
                build: build.id, request: build.request, buildset: build.buildset, fence: build.machine.fence, session: build.machine.session,
                worker: build.worker, attempt: build.attempt, chain: context.chain, project: context.stamp.project, builder: builder,
                stamp: context.stamp, properties: defaults.overlaid(by: context.properties))
        }
    }
}

/// A request as it was claimed, and the build it gets, as `json_each` reads it.
private struct ClaimRow: Encodable {
    var request: RequestID
    var buildset: BuildsetID
    var builder: String
    var branch: String
    var worker: String
    var session: SessionID
    var configuration: ConfigurationID
    var fence: Int64
    var priority: Int
    var attempts: Int
    var version: Int64

    func events(build: BuildID, attempt: Int, context: BuildsetContext) -> [PendingEvent] {
        let chain = context.eventChain(request: request)
        let claimed = RequestFact(
            buildset: buildset, builder: builder, project: context.stamp.project, branch: branch, phase: .claimed, priority: priority,
            attempts: attempts, build: build, worker: worker)
        let assigned = BuildFact(
            request: request, buildset: buildset, builder: builder, worker: worker, attempt: attempt, project: context.stamp.project,
            branch: branch, revision: context.stamp.revision, phase: .assigned)
        return [
            PendingEvent(
                EventDraft(.requestClaimed, entity: .request, id: request.rawValue, chain: chain, data: .request(claimed)), version: version),
            PendingEvent(EventDraft(.buildAssigned, entity: .build, id: build.rawValue, chain: chain, data: .build(assigned)), version: 1),
        ]
    }
}
