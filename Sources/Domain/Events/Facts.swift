// The `data` of events: what is true of the entity after the state change. Optional fields are absent when there is nothing to say.

public struct ChangeFact: Hashable, Sendable, Codable {
    public var source: String
    public var project: String
    public var repository: String
    public var branch: String
    public var revision: String
    public var author: String
    public var comments: String
    public var files: [String]
    public var category: String

    /// Comments and files are cut to what an event may carry: 4 KiB of comments, 200 files.
    public init(_ change: NewChange) {
        self.source = change.source
        self.project = change.project
        self.repository = change.repository
        self.branch = change.branch
        self.revision = change.revision
        self.author = change.author
        self.comments = String(decoding: change.comments.utf8.prefix(4096), as: UTF8.self)
        self.files = Array(change.files.prefix(200))
        self.category = change.category
    }
}

public struct BuildsetFact: Hashable, Sendable, Codable {
    public var scheduler: String
    public var reason: String
    public var project: String
    public var branch: String
    public var revision: String?
    public var builders: [String]
    public var outcome: Outcome?
    /// Of a new one that is made of several codebases: all of them, the main one first.
    public var stamps: [SourceStamp]?

    public init(
        scheduler: String, reason: String, project: String, branch: String, revision: String?, builders: [String], outcome: Outcome? = nil,
        stamps: [SourceStamp]? = nil
    ) {
        self.scheduler = scheduler
        self.reason = reason
        self.project = project
        self.branch = branch
        self.revision = revision
        self.builders = builders
        self.outcome = outcome
        self.stamps = stamps
    }
}

public struct RequestFact: Hashable, Sendable, Codable {
    public var buildset: BuildsetID
    public var builder: String
    public var project: String
    public var branch: String
    public var phase: RequestPhase
    public var priority: Int
    public var attempts: Int
    public var build: BuildID?
    public var worker: String?
    /// That build, where it is another request's.
    public var answeredBy: BuildID?
    public var outcome: Outcome?
    public var cause: Cause?
    public var text: String?

    public init(
        buildset: BuildsetID, builder: String, project: String, branch: String, phase: RequestPhase, priority: Int, attempts: Int,
        build: BuildID? = nil, worker: String? = nil, answeredBy: BuildID? = nil, outcome: Outcome? = nil, cause: Cause? = nil,
        text: String? = nil
    ) {
        self.buildset = buildset
        self.builder = builder
        self.project = project
        self.branch = branch
        self.phase = phase
        self.priority = priority
        self.attempts = attempts
        self.build = build
        self.worker = worker
        self.answeredBy = answeredBy
        self.outcome = outcome
        self.cause = cause
        self.text = text
    }

    private enum CodingKeys: String, CodingKey {
        case buildset, builder, project, branch, phase, priority, attempts, build, worker, outcome, cause, text
        case answeredBy = "answered_by"
    }
}

public struct BuildFact: Hashable, Sendable, Codable {
    public var request: RequestID
    public var buildset: BuildsetID
    public var builder: String
    public var worker: String
    public var attempt: Int
    public var project: String
    public var branch: String
    public var revision: String?
    public var phase: BuildPhase
    public var outcome: Outcome?
    public var cause: Cause?
    public var text: String?

    public init(
        request: RequestID, buildset: BuildsetID, builder: String, worker: String, attempt: Int, project: String, branch: String,
        revision: String?, phase: BuildPhase, outcome: Outcome? = nil, cause: Cause? = nil, text: String? = nil
    ) {
        self.request = request
        self.buildset = buildset
        self.builder = builder
        self.worker = worker
        self.attempt = attempt
        self.project = project
        self.branch = branch
        self.revision = revision
        self.phase = phase
        self.outcome = outcome
        self.cause = cause
        self.text = text
    }
}

public struct StepFact: Hashable, Sendable, Codable {
    public var build: BuildID
    public var builder: String
    public var number: Int
    public var name: String
    public var attempt: Int
    public var phase: StepPhase
    public var outcome: Outcome?
    public var cause: Cause?
    public var exitStatus: Int32?
    public var signal: Int32?
    public var durationMilliseconds: Int64?
    public var text: String?

    public init(
        build: BuildID, builder: String, number: Int, name: String, attempt: Int, phase: StepPhase, outcome: Outcome? = nil,
        cause: Cause? = nil, exitStatus: Int32? = nil, signal: Int32? = nil, durationMilliseconds: Int64? = nil, text: String? = nil
    ) {
        self.build = build
        self.builder = builder
        self.number = number
        self.name = name
        self.attempt = attempt
        self.phase = phase
        self.outcome = outcome
        self.cause = cause
        self.exitStatus = exitStatus
        self.signal = signal
        self.durationMilliseconds = durationMilliseconds
        self.text = text
    }

    private enum CodingKeys: String, CodingKey {
        case build, builder, number, name, attempt, phase, outcome, cause, signal, text
        case exitStatus = "exit_status"
        case durationMilliseconds = "duration_ms"
    }
}

public struct LogFact: Hashable, Sendable, Codable {
    public var build: BuildID
    public var builder: String
    public var name: String
    public var step: Int
    public var size: Int64?
    public var sha256: String?

    public init(build: BuildID, builder: String, name: String, step: Int, size: Int64? = nil, sha256: String? = nil) {
        self.build = build
        self.builder = builder
        self.name = name
        self.step = step
        self.size = size
        self.sha256 = sha256
    }
}

public struct WorkerFact: Hashable, Sendable, Codable {
    public var worker: String
    public var session: SessionID
    public var labels: Labels
    public var slots: Int
    public var version: String
    public var reason: String?

    public init(worker: String, session: SessionID, labels: Labels, slots: Int, version: String, reason: String? = nil) {
        self.worker = worker
        self.session = session
        self.labels = labels
        self.slots = slots
        self.version = version
        self.reason = reason
    }
}

public struct SchedulerFact: Hashable, Sendable, Codable {
    public var scheduler: String
    public var buildset: BuildsetID?
    public var changes: [ChangeID]
    public var reason: String

    public init(scheduler: String, buildset: BuildsetID?, changes: [ChangeID], reason: String) {
        self.scheduler = scheduler
        self.buildset = buildset
        self.changes = changes
        self.reason = reason
    }
}

public struct ConfigFact: Hashable, Sendable, Codable {
    public var configuration: ConfigurationID
    public var digest: String
    public var builders: [String]
    public var schedulers: [String]
    public var sources: [String]
    /// Who had it applied, as they said it.
    public var by: String?
    /// The earlier revision that it is again.
    public var restores: ConfigurationID?

    public init(
        configuration: ConfigurationID, digest: String, builders: [String], schedulers: [String], sources: [String], by: String? = nil,
        restores: ConfigurationID? = nil
    ) {
        self.configuration = configuration
        self.digest = digest
        self.builders = builders
        self.schedulers = schedulers
        self.sources = sources
        self.by = by
        self.restores = restores
    }
}

public struct DeploymentFact: Hashable, Sendable, Codable {
    public var deployment: String
    /// The epoch from now on, and the one before.
    public var epoch: Int64
    public var previousEpoch: Int64
    /// How it was noticed, for people.
    public var reason: String

    public init(deployment: String, epoch: Int64, previousEpoch: Int64, reason: String) {
        self.deployment = deployment
        self.epoch = epoch
        self.previousEpoch = previousEpoch
        self.reason = reason
    }

    private enum CodingKeys: String, CodingKey {
        case deployment, epoch, reason
        case previousEpoch = "previous_epoch"
    }
}
