import Domain
import GRDB
import Storage

extension SQLiteTransaction {
    /// Inserts an event into the outbox. Its version is the entity's next one: counted here, or given by a caller whose own statement already
    /// raised the row's `version`.
    func emit(_ draft: EventDraft, routing: EventRouting? = nil, version: Int64? = nil) throws {
        let routing = routing ?? EventRouting(draft.data)
        let number = try version ?? nextVersion(draft.entity, draft.entityID)
        let key = RoutingKey(
            event: draft.kind, project: routing.project, branch: routing.branch, builder: routing.builder, worker: routing.worker,
            outcome: routing.outcome?.rawValue, id: String(draft.entityID))
        try run(
            """
            INSERT INTO outbox (message_id, event, entity, entity_id, entity_version, routing_key, chain, data, occurred)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                ChainID.random().rawValue, draft.kind.rawValue, draft.entity.rawValue, draft.entityID, number, key.text,
                try JSONText.encode(draft.chain), try JSONText.encode(draft.data), now.microseconds,
            ])
        emitted += 1
    }

    private func nextVersion(_ entity: EntityKind, _ id: Int64) throws -> Int64 {
        let sql =
            switch entity {
            case .change: ""
            case .buildset: "UPDATE buildsets SET version = version + 1 WHERE id = ? RETURNING version"
            case .request: "UPDATE requests SET version = version + 1 WHERE id = ? RETURNING version"
            case .build: "UPDATE builds SET version = version + 1 WHERE id = ? RETURNING version"
            case .session: "UPDATE sessions SET version = version + 1 WHERE id = ? RETURNING version"
            case .config: "UPDATE configurations SET version = version + 1 WHERE id = ? RETURNING version"
            }
        // A change never changes: it is received, once.
        guard entity != .change else { return 1 }
        guard let version = try value(Int64.self, sql, [id]) else {
            throw StoreError.internalError("an event is about \(entity.rawValue) \(id), which is not there")
        }
        return version
    }
}
