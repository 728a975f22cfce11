/// What a step triggered: one buildset of one scheduler, and how it stands.
public struct TriggeredBuildset: Hashable, Sendable {
    /// The build whose step it was.
    public var build: BuildID
    public var step: Int
    /// Of the step, from 1: one that is run again triggers again.
    public var attempt: Int
    public var buildset: BuildsetID
    public var scheduler: String
    /// Nil until it has ended.
    public var outcome: Outcome?
    /// The step waits for its end.
    public var waits: Bool

    public init(build: BuildID, step: Int, attempt: Int, buildset: BuildsetID, scheduler: String, outcome: Outcome?, waits: Bool = true) {
        self.build = build
        self.step = step
        self.attempt = attempt
        self.buildset = buildset
        self.scheduler = scheduler
        self.outcome = outcome
        self.waits = waits
    }
}

extension [TriggeredBuildset] {
    /// How the step that waits for all of these ends; nil while one of them is open. A cancelled one is a failure of the step: as the step's own outcome
    /// it would say that its build was cancelled.
    public var end: (outcome: Outcome, text: String)? {
        var worst = Outcome.skipped
        for one in self {
            guard let outcome = one.outcome else { return nil }
            worst = worst.combined(with: outcome)
        }
        let texts = map { "buildset \($0.buildset) of \($0.scheduler) ended as \($0.outcome?.rawValue ?? "")" }
        let outcome: Outcome =
            switch worst {
            case .skipped: .success
            case .cancelled: .failure
            case .success, .warnings, .failure, .exception: worst
            }
        return (outcome, texts.joined(separator: ", "))
    }
}

/// The build whose step triggers, with what its buildsets are made of.
public struct TriggeringBuild: Hashable, Sendable {
    public var id: BuildID
    public var builder: String
    public var step: Int
    public var attempt: Int
    public var chain: ChainID
    public var stamp: SourceStamp
    public var further: [SourceStamp]
    public var changes: [ChangeID]
    public var properties: Properties

    public init(
        id: BuildID, builder: String, step: Int, attempt: Int, chain: ChainID, stamp: SourceStamp, changes: [ChangeID], properties: Properties,
        further: [SourceStamp] = []
    ) {
        self.id = id
        self.builder = builder
        self.step = step
        self.attempt = attempt
        self.chain = chain
        self.stamp = stamp
        self.further = further
        self.changes = changes
        self.properties = properties
    }
}

extension Planner {
    /// What a step of a build triggers: at the build's revision, with the properties of its buildset under those of the rule, and those of the step over both.
    /// Nil when one of its schedulers cannot be triggered any more: then none is.
    public func trigger(_ trigger: StepRecipe.Trigger, by build: TriggeringBuild) -> [PlannedBuildset]? {
        var planned: [PlannedBuildset] = []
        for name in trigger.schedulers {
            guard let rule = configuration.scheduler(named: name), rule.kind == .triggerable else { return nil }
            planned.append(
                PlannedBuildset(
                    scheduler: rule.name, trigger: "build:\(build.id):\(build.step):\(build.attempt)",
                    reason: "build \(build.id) of \(build.builder) triggered it", stamp: build.stamp, changes: build.changes, parents: [build.chain],
                    builders: rule.builders, priority: rule.priority,
                    properties: build.properties.overlaid(by: Properties(rule.properties, source: "scheduler \(rule.name)"))
                        .overlaid(by: Properties(trigger.properties, source: "build \(build.id)")), further: build.further))
        }
        return planned
    }
}

extension Builder {
    /// One of its steps triggers schedulers.
    public var triggers: Bool { steps.contains { if case .trigger = $0.action { true } else { false } } }
}

extension StepRecipe.Trigger {
    /// The label that a worker has which can run such steps: older ones do not get their builds.
    public static let label = "doorbell-trigger"
    public static let labelValue = "1"
}

extension Configuration {
    /// Builders and schedulers that start each other for ever, in the circle's order, the first of them again at the end; nil when there are none.
    public func circleOfTriggers() -> [String]? {
        // Builders and schedulers may have the same names.
        var leads: [String: [String]] = [:]
        for scheduler in schedulers {
            let followers = schedulers.filter { $0.follows?.schedulers.contains(scheduler.name) == true }
            leads["scheduler \(scheduler.name)"] =
                scheduler.builders.map { "builder \($0)" } + followers.map { "scheduler \($0.name)" }
        }
        for builder in builders {
            leads["builder \(builder.name)"] = builder.steps.flatMap { step -> [String] in
                if case .trigger(let trigger) = step.action { trigger.schedulers.map { "scheduler \($0)" } } else { [] }
            }
        }
        return Circle.find(in: builders.map { "builder \($0.name)" }, leads)
    }
}
