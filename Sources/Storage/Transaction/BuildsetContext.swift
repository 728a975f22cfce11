import Domain

/// What never changes about a buildset, and every event about it and its requests and builds says.
package struct BuildsetContext: Sendable {
    package var id: BuildsetID
    package var scheduler: String
    package var reason: String
    package var chain: ChainID
    package var parents: [ChainID]
    package var changes: [ChangeID]
    package var stamp: SourceStamp
    /// Of the other codebases, where there are several.
    package var further: [SourceStamp]
    package var properties: Properties
    /// Some of its requests wait for others of it.
    package var hasNeeds: Bool

    package init(
        id: BuildsetID, scheduler: String, reason: String, chain: ChainID, parents: [ChainID], changes: [ChangeID], stamp: SourceStamp,
        further: [SourceStamp] = [], properties: Properties, hasNeeds: Bool
    ) {
        self.id = id
        self.scheduler = scheduler
        self.reason = reason
        self.chain = chain
        self.parents = parents
        self.changes = changes
        self.stamp = stamp
        self.further = further
        self.properties = properties
        self.hasNeeds = hasNeeds
    }

    /// The chain of an event about the buildset itself, or about one of its requests.
    package func eventChain(request: RequestID? = nil) -> EventChain {
        EventChain(id: chain, parents: parents, changes: changes, buildset: id, request: request)
    }
}
