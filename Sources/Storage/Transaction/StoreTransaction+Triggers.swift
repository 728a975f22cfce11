import Domain

/// A row whose build has ended, or whose step does not wait any more.
package struct EndedTrigger {
    package var buildset: BuildsetID
    package var build: BuildID
    package var step: Int
    package var waits: Bool

    package init(buildset: BuildsetID, build: BuildID, step: Int, waits: Bool) {
        self.buildset = buildset
        self.build = build
        self.step = step
        self.waits = waits
    }
}

/// What a store says for steps that trigger.
package protocol TriggerTransaction: ControlTransaction {
    /// What the steps of these builds triggered, oldest first.
    func triggered(by builds: [BuildID]) throws -> [TriggeredBuildset]
    /// Keeps what an attempt of a step triggered.
    func keepTriggered(_ buildsets: [BuildsetID], by call: StepCall, waits: Bool) throws
    /// Up to `limit` rows whose builds have ended, or whose attempts of a step, if those waited; nobody else gets them until this transaction ends.
    func takeEndedTriggers(limit: Int) throws -> [EndedTrigger]
    func forgetTriggered(_ buildsets: [BuildsetID]) throws
    /// Up to `limit` requests of these buildsets that have not ended and whose end nobody asked for, by buildset and number.
    func openRequests(of buildsets: [BuildsetID], limit: Int) throws -> [(buildset: BuildsetID, request: RequestID)]
}

extension TriggerTransaction {
    package func trigger(_ call: StepCall) throws -> TriggerVerdict {
        // Before any row is locked, as whoever applies a configuration does.
        let configuration = try currentConfiguration()?.configuration
        let (build, assignment, recipe): (OpenBuild, Assignment, StepRecipe)
        switch try hold(call) {
        case .notFound: return .notFound
        case .stale(let detail): return .stale(detail)
        case .invalid(let detail): return .invalid(detail)
        case .held(let held, let assigned, let step): (build, assignment, recipe) = (held, assigned, step)
        }
        guard case .trigger = recipe.action else { return .invalid("step \(call.step) triggers nothing") }
        guard assignment.stamp.patch == nil else { return .skipped("a try triggers nothing") }
        let step: StepRecipe
        do {
            step = try recipe.interpolated(with: assignment.properties.overlaid(by: assignment.builtInProperties))
        } catch {
            return .invalid(error.description)
        }
        guard case .trigger(let trigger) = step.action else { return .invalid("step \(call.step) triggers nothing") }
        let ofStep = try triggered(by: [call.build]).filter { $0.step == call.step }
        let known = ofStep.filter { $0.attempt == call.attempt }
        guard known.isEmpty else { return .made(known, waits: trigger.wait, created: false) }
        // A call that was held up until its worker had gone on.
        guard try isOpen(call, of: step), !ofStep.contains(where: { $0.attempt > call.attempt }) else {
            return .invalid("attempt \(call.attempt) of step \(call.step) is over, or none of its attempts")
        }
        guard build.cancelReason == nil || step.always else { return .impossible("the end of its build was asked for") }
        return try make(trigger, call, build, configuration)
    }

    private func make(_ trigger: StepRecipe.Trigger, _ call: StepCall, _ build: OpenBuild, _ configuration: Configuration?) throws
        -> TriggerVerdict
    {
        guard let configuration, let record = try rebuildRecord(call.build) else { return .notFound }
        let context = try context(of: build.buildset)
        let triggering = TriggeringBuild(
            id: build.id, builder: build.builder, step: call.step, attempt: call.attempt, chain: context.chain, stamp: context.stamp,
            changes: context.changes, properties: context.properties, further: context.further)
        guard let plans = Planner(configuration: configuration).trigger(trigger, by: triggering) else {
            let names = trigger.schedulers.joined(separator: ", ")
            return .impossible("the configuration in force has no scheduler of kind triggerable for each of \(names)")
        }
        // Whoever asks for a build, or runs a step again, asks for more than what is known. What was itself triggered may stem from such a build.
        let rule = configuration.scheduler(named: context.scheduler)
        let mayReuse = call.attempt == 1 && rule.map { $0.kind != .triggerable } ?? false
        let new = plans.map { plan in
            var new = NewBuildset(plan, author: record.author, comments: record.comments, byRule: true)
            new.mayReuse = mayReuse
            return new
        }
        let made = try create(new, configuration: configuration)
        try keepTriggered(made.compactMap { $0?.context.id }, by: call, waits: trigger.wait)
        return .made(try triggered(of: call), waits: trigger.wait, created: true)
    }

    private func triggered(of call: StepCall) throws -> [TriggeredBuildset] {
        try triggered(by: [call.build]).filter { $0.step == call.step && $0.attempt == call.attempt }
    }

    /// Of what waited, everything open is cancelled: a bounded number of requests, the rest by the next pass.
    package func endTriggered(limit: Int) throws -> EndedTriggers {
        let ended = try takeEndedTriggers(limit: limit)
        guard !ended.isEmpty else { return EndedTriggers() }
        let waited = ended.filter(\.waits).reduce(into: [:]) { $0[$1.buildset] = $1 }
        let requests = waited.isEmpty ? [] : try openRequests(of: waited.keys.sorted(), limit: limit)
        let cancels = try cancel(
            requests.compactMap { one in
                waited[one.buildset].map {
                    WantedCancel(
                        request: one.request, reason: "step \($0.step) of build \($0.build) does not wait for it any more", evenClaimed: true)
                }
            })
        // Of the last buildset that was listed there may be more.
        let unsure = requests.count == limit ? requests.last?.buildset : nil
        let settled = ended.map(\.buildset).filter { id in unsure.map { id < $0 } ?? true || waited[id] == nil }
        try forgetTriggered(settled)
        return EndedTriggers(taken: ended.count, cancels: cancels, isFull: ended.count == limit || unsure != nil)
    }
}
