import Domain

/// What is promised of one kind of event: everything that documents, schemas and references say of it comes from here.
public struct EventEntry: Sendable {
    public var kind: EventKind
    /// When it happens, as a sentence.
    public var summary: String
    public var entity: EntityKind
    /// The fields of its `data`.
    public var fields: [SchemaField]

    public init(_ kind: EventKind) {
        self.kind = kind
        let (entity, fields, always): (EntityKind, [SchemaField], [String]) =
            switch kind {
            case .changeReceived: (.change, EventFacts.change, [])
            case .buildsetCreated: (.buildset, EventFacts.buildset, [])
            case .buildsetFinished: (.buildset, EventFacts.buildset, ["outcome"])
            case .requestCreated, .requestReleased, .requestUnclaimed, .requestCancelled: (.request, EventFacts.request, [])
            case .requestClaimed: (.request, EventFacts.request, ["build", "worker"])
            case .requestFinished: (.request, EventFacts.request, ["outcome"])
            case .buildAssigned, .buildStarted: (.build, EventFacts.build, [])
            case .buildFinished, .buildLost: (.build, EventFacts.build, ["outcome"])
            case .stepStarted: (.build, EventFacts.step, [])
            case .stepFinished: (.build, EventFacts.step, ["outcome"])
            case .logOpened: (.build, EventFacts.log, [])
            case .logClosed: (.build, EventFacts.log, ["size"])
            case .workerConnected, .workerLost, .workerPaused, .workerResumed: (.session, EventFacts.worker, [])
            case .schedulerFired, .schedulerFailed: (.buildset, EventFacts.scheduler, [])
            case .configApplied: (.config, EventFacts.config, [])
            case .deploymentRewound: (.deployment, EventFacts.deployment, [])
            }
        self.entity = entity
        self.fields = fields.map { field in
            var field = field
            field.isAlways = field.isAlways || always.contains(field.name)
            return field
        }
        summary = Self.summary(of: kind)
    }

    /// All, in the order of the documents.
    public static let all = EventKind.allCases.map { EventEntry($0) }

    /// The type of CloudEvents and of AMQP's property.
    public var type: String { "\(kind.rawValue).v1" }

    /// The schema's name for all time; nothing is fetched from there.
    public var schemaID: String { Self.schemaID(of: kind) }

    public static func schemaID(of kind: EventKind) -> String { "https://doorbell.example/schemas/events/v1/\(kind.rawValue).json" }

    private static func summary(of kind: EventKind) -> String {
        switch kind {
        case .changeReceived: "A change was accepted; from here on it cannot be lost."
        case .buildsetCreated: "A scheduler or a person decided to build something."
        case .buildsetFinished: "All requests of a buildset have ended."
        case .requestCreated: "A builder is asked to build something; it is pending, or waits for others first."
        case .requestReleased: "What a request waited for has ended: it is pending now."
        case .requestClaimed: "A request was given to a worker."
        case .requestUnclaimed: "A request lost its build, which was lost or given back, and is pending again."
        case .requestCancelled:
            "Somebody, or a rule, wants a request no more: one that waits has ended, one that is built ends when its worker has stopped."
        case .requestFinished: "A request has its outcome."
        case .buildAssigned: "A worker was given a build, and has not yet accepted it."
        case .buildStarted: "The worker has begun."
        case .buildFinished: "A build has its outcome."
        case .buildLost: "A build's worker vanished or its lease ended; nobody knows how far it came, and the request is tried again."
        case .stepStarted: "A step of a build has begun."
        case .stepFinished: "A step of a build has its outcome."
        case .logOpened: "A step began to print."
        case .logClosed: "A log is complete; from here on it never changes."
        case .workerConnected: "A worker opened a session."
        case .workerLost: "A worker's session has ended, by itself or because nothing was heard of it."
        case .workerPaused: "A worker was told to take nothing new."
        case .workerResumed: "A worker was told to go on."
        case .schedulerFired: "A scheduler made a buildset."
        case .schedulerFailed: "A scheduler's decision could not be carried out."
        case .configApplied: "Another revision of the configuration is in force."
        case .deploymentRewound:
            "The database was restored or a standby was promoted: what was published before may tell of what never happened; read the state again."
        }
    }
}
