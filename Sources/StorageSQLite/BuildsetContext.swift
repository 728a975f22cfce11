import Domain
import GRDB
import Storage

/// What never changes about a buildset, and every event about it and its requests and builds says.
struct BuildsetContext: Sendable {
    var id: BuildsetID
    var scheduler: String
    var reason: String
    var chain: ChainID
    var parents: [ChainID]
    var changes: [ChangeID]
    var stamp: SourceStamp
    var properties: Properties

    /// The chain of an event about the buildset itself, or about one of its requests.
    func eventChain(request: RequestID? = nil) -> EventChain {
        EventChain(id: chain, parents: parents, changes: changes, buildset: id, request: request)
    }
}

extension SQLiteTransaction {
    /// The unchanging part of a buildset; from memory when a recent transaction asked for it.
    func context(of buildset: BuildsetID) throws -> BuildsetContext {
        if let known = contexts[buildset] ?? store.contexts.value(buildset) { return known }
        let row = try first(
            """
            SELECT b.scheduler, b.reason, b.chain, b.parents, b.changes, b.properties, s.project, s.repository, s.branch, s.revision, s.codebase
            FROM buildsets b JOIN source_stamps s ON s.id = b.stamp WHERE b.id = ?
            """,
            [buildset.rawValue])
        guard let row else { throw StoreError.notFound("there is no buildset \(buildset)") }
        let context = BuildsetContext(
            id: buildset, scheduler: row[0], reason: row[1], chain: ChainID(row[2]), parents: try JSONText.decode([ChainID].self, row[3]),
            changes: try JSONText.decode([ChangeID].self, row[4]),
            stamp: SourceStamp(project: row[6], repository: row[7], branch: row[8], revision: row[9], codebase: row[10]),
            properties: try JSONText.decode(Properties.self, row[5]))
        remember(context)
        return context
    }

    /// Keeps a context for this transaction, and for later ones if it commits.
    func remember(_ context: BuildsetContext) {
        contexts[context.id] = context
    }
}
