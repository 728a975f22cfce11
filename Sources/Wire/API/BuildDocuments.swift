import Domain

/// A build in a list.
public struct BuildSummary: Sendable, Encodable {
    public var id: BuildID
    public var request: RequestID
    public var buildset: BuildsetID
    public var builder: String
    public var worker: String
    public var attempt: Int
    public var phase: BuildPhase
    public var outcome: Outcome?
    public var cause: Cause?
    public var text: String
    public var reason: String
    public var author: String
    public var comments: String
    public var changes: [ChangeID]
    public var stamp: SourceStamp
    /// Every codebase, the main one first; absent where there is one repository.
    public var stamps: [SourceStamp]?
    public var chain: ChainID
    public var assigned: Timestamp
    public var started: Timestamp?
    public var finished: Timestamp?
    /// The revision of the configuration that has its recipe: the one in force when it was assigned.
    public var configuration: ConfigurationID
    /// The revision that its buildset was planned under; absent when that was made before it was kept.
    public var plannedUnder: ConfigurationID?

    private enum CodingKeys: String, CodingKey {
        case id, request, buildset, builder, worker, attempt, phase, outcome, cause, text, reason, author, comments, changes, stamp, stamps, chain
        case assigned, started, finished, configuration
        case plannedUnder = "planned_under"
    }

    public init(
        id: BuildID, request: RequestID, buildset: BuildsetID, builder: String, worker: String, attempt: Int, phase: BuildPhase,
        outcome: Outcome?, cause: Cause?, text: String, reason: String, author: String, comments: String, changes: [ChangeID],
        stamp: SourceStamp, chain: ChainID, assigned: Timestamp, started: Timestamp?, finished: Timestamp?, configuration: ConfigurationID,
        plannedUnder: ConfigurationID?,
        stamps: [SourceStamp]? = nil
    ) {
        self.id = id
        self.request = request
        self.buildset = buildset
        self.builder = builder
        self.worker = worker
        self.attempt = attempt
        self.phase = phase
        self.outcome = outcome
        self.cause = cause
        self.text = text
        self.reason = reason
        self.author = author
        self.comments = comments
        self.changes = changes
        self.stamp = stamp
        self.stamps = stamps
        self.chain = chain
        self.assigned = assigned
        self.started = started
        self.finished = finished
        self.configuration = configuration
        self.plannedUnder = plannedUnder
    }
}

/// Everything about one build, in one call.
public struct BuildDocument: Sendable, Encodable {
    public var summary: BuildSummary
    /// The requests that it answers beside its own; absent where there are none.
    public var answers: [RequestID]?
    public var properties: Properties
    public var steps: [StepDocument]
    public var logs: [LogDocument]

    public init(summary: BuildSummary, properties: Properties, steps: [StepDocument], logs: [LogDocument], answers: [RequestID] = []) {
        self.summary = summary
        self.answers = answers.isEmpty ? nil : answers
        self.properties = properties
        self.steps = steps
        self.logs = logs
    }

    private enum CodingKeys: String, CodingKey {
        case answers, properties, steps, logs
    }

    /// The same without the sizes of logs that still grow: whoever waits for the build to change does not mean each line that it prints.
    public var essence: BuildDocument {
        var essence = self
        for place in logs.indices where !logs[place].closed { essence.logs[place].size = 0 }
        return essence
    }

    /// The summary's fields stand beside the others.
    public func encode(to encoder: any Encoder) throws {
        try summary.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encodeIfPresent(answers, forKey: .answers)
        try container.encode(properties, forKey: .properties)
        try container.encode(steps, forKey: .steps)
        try container.encode(logs, forKey: .logs)
    }
}

/// A step of a build: the fields of its events, and when it ran.
public struct StepDocument: Sendable, Encodable {
    public var fact: StepFact
    public var started: Timestamp
    public var finished: Timestamp?

    public init(fact: StepFact, started: Timestamp, finished: Timestamp?) {
        self.fact = fact
        self.started = started
        self.finished = finished
    }

    private enum CodingKeys: String, CodingKey {
        case started, finished
    }

    public func encode(to encoder: any Encoder) throws {
        try fact.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(started, forKey: .started)
        try container.encodeIfPresent(finished, forKey: .finished)
    }
}

/// A log of a build. `closed` says that no byte will follow.
public struct LogDocument: Sendable, Encodable {
    public var name: String
    public var step: Int
    public var size: Int64
    public var sha256: String?
    public var closed: Bool
    /// Where its bytes are.
    public var link: String

    public init(name: String, step: Int, size: Int64, sha256: String?, closed: Bool, link: String) {
        self.name = name
        self.step = step
        self.size = size
        self.sha256 = sha256
        self.closed = closed
        self.link = link
    }
}
