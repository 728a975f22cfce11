import Domain

/// What a worker holds that calls on behalf of a step.
package enum StepHold {
    case held(OpenBuild, Assignment, StepRecipe)
    case notFound
    case stale(String)
    case invalid(String)
}

extension StoreTransaction {
    /// The build and the step of a call, while its session holds the build and runs it.
    package func hold(_ call: StepCall) throws -> StepHold {
        // Its row is locked: of two calls for one step the second finds what the first made.
        guard let build = try builds([call.build], ending: [])[call.build], build.machine.session == call.session else { return .notFound }
        guard build.machine.fence == call.fence, build.machine.phase != .finished else {
            return .stale("the build has gone to another, or has ended")
        }
        guard build.machine.phase == .running else { return .invalid("the build has not been accepted") }
        guard let assignment = try assignments([build.id]).first else { return .notFound }
        let steps = assignment.builder.steps
        guard steps.indices.contains(call.step - 1) else { return .invalid("the build has no step \(call.step)") }
        return .held(build, assignment, steps[call.step - 1])
    }

    /// False for a call that was held up until its worker had gone on.
    package func isOpen(_ call: StepCall, of step: StepRecipe) throws -> Bool {
        let place = StepBook.Place(build: call.build, number: call.step, attempt: call.attempt)
        return try call.attempt <= step.retries + 1 && stepPhases(of: [call.build])[place] != .finished
    }

    package func secrets(for call: StepCall) throws -> SecretVerdict {
        // Before any row is locked, as whoever applies a configuration does.
        let configuration = try currentConfiguration()?.configuration
        switch try hold(call) {
        case .notFound: return .notFound
        case .stale(let detail): return .stale(detail)
        case .invalid(let detail): return .invalid(detail)
        case .held(let build, let assignment, let step):
            guard !step.secrets.isEmpty else { return .invalid("step \(call.step) asks for no secrets") }
            guard try isOpen(call, of: step) else {
                return .invalid("attempt \(call.attempt) of step \(call.step) is over, or none of its attempts")
            }
            guard build.cancelReason == nil || step.always else { return .decided(.refused("the end of its build was asked for")) }
            guard let configuration else { return .notFound }
            // Nobody has looked at a patch either.
            let untrusted = assignment.properties.isUntrusted || assignment.stamp.patch != nil
            return .decided(configuration.secrets(for: step, project: assignment.stamp.project, untrusted: untrusted))
        }
    }
}
