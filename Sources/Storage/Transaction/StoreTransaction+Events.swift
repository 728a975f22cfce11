import Domain

/// An event as it lies in the outbox, its number and its place in the order of commits apart.
package struct OutboxRow: Sendable {
    package var messageID: String
    package var kind: EventKind
    package var entity: EntityKind
    package var entityID: Int64
    package var version: Int64
    package var routingKey: String
    package var chain: String
    package var data: String
}

extension StoreTransaction {
    /// Leaves an event. It is inserted when the transaction ends, in the order of the calls.
    package func emit(_ draft: EventDraft, routing: EventRouting? = nil, version: Int64? = nil) {
        events.append(PendingEvent(draft, routing: routing, version: version))
    }

    package func emit(_ events: [PendingEvent]) {
        self.events += events
    }

    /// Numbers and inserts the events, with a few statements for all of them.
    package func insertEvents() throws {
        guard !events.isEmpty else { return }
        var next = try countedVersions()
        try insert(
            events.map { event in
                let draft = event.draft
                let entity = VersionedEntity(kind: draft.entity, id: draft.entityID)
                guard let number = event.version ?? next[entity] else {
                    throw StoreError.internalError("an event is about \(draft.entity.rawValue) \(draft.entityID), which is not there")
                }
                if event.version == nil { next[entity] = number + 1 }
                return try OutboxRow(event, version: number)
            })
    }

    /// Raises the version of each entity by the number of its events that bring none, one statement a kind; gives the first number of each.
    private func countedVersions() throws -> [VersionedEntity: Int64] {
        var counts: [EntityKind: [Int64: Int64]] = [:]
        for event in events where event.version == nil {
            counts[event.draft.entity, default: [:]][event.draft.entityID, default: 0] += 1
        }
        var first: [VersionedEntity: Int64] = [:]
        // In the order of the locks, each kind by ascending id.
        for kind in EntityKind.allCases {
            guard let counted = counts[kind] else { continue }
            guard kind != .change, kind != .deployment else {
                throw StoreError.internalError("events about a \(kind.rawValue) bring their version")
            }
            let raised = try raiseVersions(of: kind, by: counted.sorted { $0.key < $1.key }.map { (id: $0.key, count: $0.value) })
            for (id, version) in raised { first[VersionedEntity(kind: kind, id: id)] = version - (counted[id] ?? 0) + 1 }
        }
        return first
    }
}

extension OutboxRow {
    package init(_ event: PendingEvent, version: Int64) throws {
        let draft = event.draft
        let routing = event.routing ?? EventRouting(draft.data)
        let key = RoutingKey(
            event: draft.kind, project: routing.project, branch: routing.branch, builder: routing.builder, worker: routing.worker,
            outcome: routing.outcome?.rawValue, id: String(draft.entityID))
        self.init(
            messageID: MessageID.random(), kind: draft.kind, entity: draft.entity, entityID: draft.entityID, version: version,
            routingKey: key.text, chain: JSONText.encode(draft.chain), data: try JSONText.encode(draft.data))
    }
}

private struct VersionedEntity: Hashable {
    var kind: EntityKind
    var id: Int64
}
