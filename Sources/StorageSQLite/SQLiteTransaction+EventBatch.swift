import Domain
import GRDB
import Storage

/// An event that waits to be inserted with others.
struct PendingEvent {
    var draft: EventDraft
    /// For facts that do not name their project and branch themselves.
    var routing: EventRouting?
    /// Given when the statement that changed the row raised its `version` already.
    var version: Int64?

    init(_ draft: EventDraft, routing: EventRouting? = nil, version: Int64? = nil) {
        self.draft = draft
        self.routing = routing
        self.version = version
    }
}

extension SQLiteTransaction {
    /// How many rows one statement inserts; the rest of a batch goes in smaller ones, so that few different statements stay prepared.
    private static let insertSizes = [32, 8, 1]

    /// Inserts events in their order with a few statements for all of them.
    func emit(_ events: [PendingEvent]) throws {
        guard !events.isEmpty else { return }
        var next = try raisedVersions(events)
        var rows: [StatementArguments] = []
        // Events of one request follow each other and hang together in the same way.
        var chain: (value: EventChain, text: String)?
        for event in events {
            let draft = event.draft
            let entity = VersionedEntity(kind: draft.entity, id: draft.entityID)
            guard let number = event.version ?? (draft.entity == .change ? 1 : next[entity]) else {
                throw StoreError.internalError("an event is about \(draft.entity.rawValue) \(draft.entityID), which is not there")
            }
            if event.version == nil { next[entity] = number + 1 }
            let routing = event.routing ?? EventRouting(draft.data)
            let key = RoutingKey(
                event: draft.kind, project: routing.project, branch: routing.branch, builder: routing.builder, worker: routing.worker,
                outcome: routing.outcome?.rawValue, id: String(draft.entityID))
            if chain?.value != draft.chain { chain = (draft.chain, try JSONText.encode(draft.chain)) }
            rows.append([
                ChainID.random().rawValue, draft.kind.rawValue, draft.entity.rawValue, draft.entityID, number, key.text,
                chain?.text, try JSONText.encode(draft.data), now.microseconds,
            ])
        }
        var rest = rows[...]
        for size in Self.insertSizes {
            while rest.count >= size {
                let values = repeatElement("(?, ?, ?, ?, ?, ?, ?, ?, ?)", count: size).joined(separator: ", ")
                let arguments = rest.prefix(size).reduce(into: StatementArguments()) { $0 += $1 }
                try run(
                    """
                    INSERT INTO outbox (message_id, event, entity, entity_id, entity_version, routing_key, chain, data, occurred)
                    VALUES \(values)
                    """, arguments)
                rest = rest.dropFirst(size)
            }
        }
        emitted += events.count
    }

    /// Raises the version of each entity by the number of its events, one statement a kind; gives the first number of each.
    private func raisedVersions(_ events: [PendingEvent]) throws -> [VersionedEntity: Int64] {
        var counts: [EntityKind: [Int64: Int64]] = [:]
        for event in events where event.version == nil && event.draft.entity != .change {
            counts[event.draft.entity, default: [:]][event.draft.entityID, default: 0] += 1
        }
        var first: [VersionedEntity: Int64] = [:]
        for (kind, counts) in counts {
            let table =
                switch kind {
                case .buildset: "buildsets"
                case .request: "requests"
                case .build: "builds"
                case .session: "sessions"
                case .config, .change: "configurations"
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
}

private struct VersionedEntity: Hashable {
    var kind: EntityKind
    var id: Int64
}

extension JSONText {
    /// `[1,2,3]`, for `json_each`.
    static func list(_ numbers: some Sequence<Int64>) -> String {
        "[" + numbers.map(String.init).joined(separator: ",") + "]"
    }

    static func list<Entity>(_ ids: some Sequence<EntityID<Entity>>) -> String { list(ids.map(\.rawValue)) }

    /// `[[1,2],[3,4]]`, for `json_each`.
    static func rows(_ rows: [[Int64]]) -> String {
        "[" + rows.map { list($0) }.joined(separator: ",") + "]"
    }
}
