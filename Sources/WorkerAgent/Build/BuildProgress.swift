import Domain

/// What a build does next, given how its steps ended so far. Pure.
struct BuildProgress: Hashable, Sendable {
    enum Action: Hashable, Sendable {
        /// Numbers and attempts count from 1.
        case run(number: Int, attempt: Int)
        case finish(outcome: Outcome, cause: Cause?, text: String)
    }

    /// Why the build ends early.
    enum Stop: Hashable, Sendable {
        /// Somebody asked for it: what always runs still runs.
        case cancelled(String)
        /// The worker gives its work back: nothing more runs.
        case drained
    }

    private let steps: [StepRecipe]
    /// The index of the step whose turn it is.
    private var place = 0
    private var attempt = 1
    private var failed = false
    private var stop: Stop?
    private var outcome = Outcome.success
    private var cause: Cause?
    private var text = ""

    init(steps: [StepRecipe]) {
        self.steps = steps
    }

    /// Draining outranks a cancellation that was not carried out yet.
    mutating func stop(_ reason: Stop) {
        if stop != .drained { stop = reason }
    }

    mutating func next() -> Action {
        if stop == .drained {
            return .finish(outcome: .exception, cause: .drained, text: "the worker was stopped and gave the build back")
        }
        while place < steps.count, (failed || stop != nil), !steps[place].always {
            place += 1
            attempt = 1
        }
        if place < steps.count { return .run(number: place + 1, attempt: attempt) }
        if case .cancelled(let reason) = stop { return .finish(outcome: .cancelled, cause: .cancelled, text: reason) }
        return .finish(outcome: outcome, cause: cause, text: text)
    }

    /// Takes the end of the step that `next` gave.
    mutating func record(_ end: StepEnd) {
        guard place < steps.count, end.number == place + 1 else { return }
        let step = steps[place]
        let hasFailed = end.outcome == .failure || step.warningsOnly && end.outcome == .warnings
        if hasFailed, attempt <= step.retries, stop == nil {
            attempt += 1
            return
        }
        place += 1
        attempt = 1
        // The end of a step that was ended with its build says nothing about the build.
        if end.outcome == .cancelled { return }
        let combined = outcome.combined(with: end.outcome)
        if combined != outcome {
            outcome = combined
            cause = end.cause
            text = "step \(end.number) (\(step.name)): \(end.text)"
        }
        if !end.outcome.isGood, !(step.continueOnFailure && end.outcome == .failure) { failed = true }
    }
}
