/// An event as the code that changed the state describes it; the store numbers it and inserts it in the same transaction.
public struct EventDraft: Sendable {
    public enum Data: Hashable, Sendable {
        case change(ChangeFact)
        case buildset(BuildsetFact)
        case request(RequestFact)
        case build(BuildFact)
        case step(StepFact)
        case log(LogFact)
        case worker(WorkerFact)
        case scheduler(SchedulerFact)
        case config(ConfigFact)
        case deployment(DeploymentFact)
    }

    public var kind: EventKind
    public var entity: EntityKind
    public var entityID: Int64
    public var chain: EventChain
    public var data: Data

    public init(_ kind: EventKind, entity: EntityKind, id: Int64, chain: EventChain, data: Data) {
        self.kind = kind
        self.entity = entity
        self.entityID = id
        self.chain = chain
        self.data = data
    }
}

/// What an event hangs together with.
public struct EventChain: Hashable, Sendable, Codable {
    public var id: ChainID
    public var parents: [ChainID]?
    public var changes: [ChangeID]?
    public var buildset: BuildsetID?
    public var request: RequestID?

    public init(id: ChainID, parents: [ChainID]? = nil, changes: [ChangeID]? = nil, buildset: BuildsetID? = nil, request: RequestID? = nil) {
        self.id = id
        self.parents = parents
        self.changes = changes
        self.buildset = buildset
        self.request = request
    }
}
