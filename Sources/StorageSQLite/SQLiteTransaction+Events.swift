import Domain
import GRDB
import Storage

extension SQLiteTransaction {
    /// How many rows one statement inserts; the rest goes in smaller ones, so that few different statements stay prepared.
    private static let insertSizes = [32, 8, 1]
    private static let insertions = insertSizes.map { size in
        """
        INSERT INTO outbox (message_id, event, entity, entity_id, entity_version, routing_key, chain, data, occurred)
        VALUES \(repeatElement("(?, ?, ?, ?, ?, ?, ?, ?, ?)", count: size).joined(separator: ", "))
        """
    }

    /// Leaves an event. It is inserted when the transaction ends, in the order of the calls.
    func emit(_ draft: EventDraft, routing: EventRouting? = nil, version: Int64? = nil) {
        events.append(PendingEvent(draft, routing: routing, version: version))
    }

    func emit(_ events: [PendingEvent]) {
        self.events += events
    }

    /// Numbers and inserts the events, with a few statements for all of them.
    func insertEvents() throws {
        guard !events.isEmpty else { return }
        var next = try countedVersions()
        var rows = try events.map { event in
            let draft = event.draft
            let entity = VersionedEntity(kind: draft.entity, id: draft.entityID)
            guard let number = event.version ?? next[entity] else {
                throw StoreError.internalError("an event is about \(draft.entity.rawValue) \(draft.entityID), which is not there")
            }
            if event.version == nil { next[entity] = number + 1 }
            return try row(event, version: number)
        }[...]
        for (size, sql) in zip(Self.insertSizes, Self.insertions) {
            while rows.count >= size {
                try run(sql, rows.prefix(size).reduce(into: StatementArguments()) { $0 += $1 })
                rows = rows.dropFirst(size)
            }
        }
    }

    private func row(_ event: PendingEvent, version: Int64) throws -> StatementArguments {
        let draft = event.draft
        let routing = event.routing ?? EventRouting(draft.data)
        let key = RoutingKey(
            event: draft.kind, project: routing.project, branch: routing.branch, builder: routing.builder, worker: routing.worker,
            outcome: routing.outcome?.rawValue, id: String(draft.entityID))
        return [
            MessageID.random(), draft.kind.rawValue, draft.entity.rawValue, draft.entityID, version, key.text, JSONText.encode(draft.chain),
            try JSONText.encode(draft.data), now.microseconds,
        ]
    }

    /// Raises the version of each entity by the number of its events that bring none, one statement a kind; gives the first number of each.
    private func countedVersions() throws -> [VersionedEntity: Int64] {
        var counts: [EntityKind: [Int64: Int64]] = [:]
        for event in events where event.version == nil {
            counts[event.draft.entity, default: [:]][event.draft.entityID, default: 0] += 1
        }
        var first: [VersionedEntity: Int64] = [:]
        for (kind, counts) in counts {
            guard let table = Self.table(of: kind) else {
                throw StoreError.internalError("events about a \(kind.rawValue) bring their version")
            }
            let rows = try all(
                """
                UPDATE \(table) SET version = version + (j.value ->> 1) FROM json_each(?) j WHERE \(table).id = (j.value ->> 0)
                RETURNING id, version
                """,
                [JSONText.rows(counts.map { [$0.key, $0.value] })])
            for row in rows {
                let id: Int64 = row[0]
                let version: Int64 = row[1]
                first[VersionedEntity(kind: kind, id: id)] = version - (counts[id] ?? 0) + 1
            }
        }
        return first
    }

    private static func table(of kind: EntityKind) -> String? {
        switch kind {
        case .buildset: "buildsets"
        case .request: "requests"
        case .build: "builds"
        case .session: "sessions"
        case .config: "configurations"
        // A change never changes: it is received, once.
        case .change: nil
        }
    }
}

private struct VersionedEntity: Hashable {
    var kind: EntityKind
    var id: Int64
}
