import Domain

/// A row that outlived its build.
package struct EndedTrigger {
    package var buildset: BuildsetID
    package var build: BuildID
    package var waits: Bool

    package init(buildset: BuildsetID, build: BuildID, waits: Bool) {
        self.buildset = buildset
        self.build = build
        self.waits = waits
    }
}

/// What a store says for steps that trigger.
package protocol TriggerTransaction: ControlTransaction {
    /// What the steps of these builds triggered, oldest first.
    func triggered(by builds: [BuildID]) throws -> [TriggeredBuildset]
    /// Keeps what an attempt of a step triggered.
    func keepTriggered(_ buildsets: [BuildsetID], by call: TriggerCall, waits: Bool) throws
    /// Up to `limit` rows whose builds have ended; nobody else gets them until this transaction ends.
    func takeEndedTriggers(limit: Int) throws -> [EndedTrigger]
    func forgetTriggered(_ buildsets: [BuildsetID]) throws
    /// The requests of these buildsets that have not ended, in the order of locks.
    func openRequests(of buildsets: [BuildsetID]) throws -> [(buildset: BuildsetID, request: RequestID)]
}

extension TriggerTransaction {
    package func trigger(_ call: TriggerCall) throws -> TriggerVerdict {
        // Before any row is locked, as whoever applies a configuration does.
        let configuration = try currentConfiguration()?.configuration
        // Its row is locked: of two calls for one step the second finds what the first made.
        guard let build = try builds([call.build], ending: [])[call.build], build.machine.session == call.session else { return .notFound }
        guard build.machine.fence == call.fence, build.machine.phase != .finished else {
            return .stale("the build has gone to another, or has ended")
        }
        guard build.machine.phase == .running else { return .invalid("the build has not been accepted") }
        guard let assignment = try assignments([build.id]).first else { return .notFound }
        let steps = assignment.builder.steps
        guard steps.indices.contains(call.step - 1), case .trigger = steps[call.step - 1].action else {
            return .invalid("step \(call.step) triggers nothing")
        }
        let step: StepRecipe
        do {
            step = try steps[call.step - 1].interpolated(with: assignment.properties.overlaid(by: assignment.builtInProperties))
        } catch {
            return .invalid(error.description)
        }
        guard case .trigger(let trigger) = step.action else { return .invalid("step \(call.step) triggers nothing") }
        let ofStep = try triggered(by: [call.build]).filter { $0.step == call.step }
        let known = ofStep.filter { $0.attempt == call.attempt }
        guard known.isEmpty else { return .made(known, waits: trigger.wait, created: false) }
        // A call that was held up until its worker had gone on.
        guard call.attempt <= step.retries + 1, !ofStep.contains(where: { $0.attempt > call.attempt }) else {
            return .invalid("attempt \(call.attempt) of step \(call.step) is over, or none of its attempts")
        }
        guard build.cancelReason == nil || step.always else { return .impossible("the end of its build was asked for") }
        return try make(trigger, call, build, configuration)
    }

    private func make(_ trigger: StepRecipe.Trigger, _ call: TriggerCall, _ build: OpenBuild, _ configuration: Configuration?) throws
        -> TriggerVerdict
    {
        guard let configuration, let record = try rebuildRecord(call.build) else { return .notFound }
        let context = try context(of: build.buildset)
        let triggering = TriggeringBuild(
            id: build.id, builder: build.builder, step: call.step, attempt: call.attempt, chain: context.chain, stamp: context.stamp,
            changes: context.changes, properties: context.properties)
        guard let plans = Planner(configuration: configuration).trigger(trigger, by: triggering) else {
            let names = trigger.schedulers.joined(separator: ", ")
            return .impossible("the configuration in force has no scheduler of kind triggerable for each of \(names)")
        }
        let made = try create(
            plans.map { NewBuildset($0, author: record.author, comments: record.comments, byRule: true) }, configuration: configuration)
        try keepTriggered(made.compactMap { $0?.context.id }, by: call, waits: trigger.wait)
        return .made(try triggered(of: call), waits: trigger.wait, created: true)
    }

    private func triggered(of call: TriggerCall) throws -> [TriggeredBuildset] {
        try triggered(by: [call.build]).filter { $0.step == call.step && $0.attempt == call.attempt }
    }

    package func endTriggered(limit: Int) throws -> (taken: Int, cancels: [BuildCancel]) {
        let ended = try takeEndedTriggers(limit: limit)
        guard !ended.isEmpty else { return (0, []) }
        // Parents come before what they triggered in nobody's transaction but this: their rows are not locked here.
        let builds = ended.filter(\.waits).reduce(into: [:]) { $0[$1.buildset] = $1.build }
        let requests = builds.isEmpty ? [] : try openRequests(of: builds.keys.sorted())
        let cancels = try cancel(
            requests.compactMap { one in
                builds[one.buildset].map {
                    WantedCancel(request: one.request, reason: "build \($0), which waited for it, has ended", evenClaimed: true)
                }
            })
        try forgetTriggered(ended.map(\.buildset))
        return (ended.count, cancels)
    }
}
