import Domain
import Wire

extension AssignmentDocument {
    /// What the worker of an assignment is sent: the recipe with its properties filled in.
    init(_ assignment: Assignment) throws(InterpolationError) {
        let builder = try assignment.builder.interpolated(with: assignment.properties.overlaid(by: assignment.builtInProperties))
        self.init(
            build: assignment.build, fence: assignment.fence, request: assignment.request, buildset: assignment.buildset,
            attempt: assignment.attempt, chain: assignment.chain, project: assignment.project, builder: builder.name, stamp: assignment.stamp,
            properties: assignment.properties, environment: builder.environment, steps: builder.steps,
            sources: assignment.sources.isEmpty ? nil : assignment.sources)
    }
}

extension BuildReport {
    /// The end of a build whose recipe cannot be filled in: said on behalf of its worker, which never hears of it.
    init(unusable assignment: Assignment, because error: InterpolationError) {
        self.init(
            key: "dispatch-invalid-step", build: assignment.build, session: assignment.session, fence: assignment.fence,
            content: .finish(BuildEnd(outcome: .exception, cause: .invalidStep, text: error.description)))
    }
}
