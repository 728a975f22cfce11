import Domain
import Wire

/// The environment of a step: a few variables of the worker, Doorbell's context, the builder's and the step's. Nothing else of the worker's own
/// environment is passed on, so that its secrets stay with it.
struct StepEnvironment: Sendable {
    /// What a step gets of the worker's own environment.
    static let inherited = ["PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR"]
    static let defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

    var base: [String: String]
    var worker: String
    var mark: EnvironmentMark

    /// `own` is the worker's environment.
    init(own: [String: String], worker: String, mark: EnvironmentMark) {
        base = own.filter { Self.inherited.contains($0.key) }
        if base["PATH"]?.isEmpty ?? true { base["PATH"] = Self.defaultPath }
        self.worker = worker
        self.mark = mark
    }

    /// `revisions` are what was checked out, by codebase: where the build asked for a tip, they say more than it did.
    func make(
        for assignment: AssignmentDocument, step: StepRecipe, number: Int, attempt: Int, revisions: [String: String], secrets: [String: String] = [:]
    ) -> [String: String] {
        var result = base
        result["CI"] = "true"
        let context = [
            "DOORBELL_BUILD_ID": String(assignment.build.rawValue), "DOORBELL_REQUEST_ID": String(assignment.request.rawValue),
            "DOORBELL_BUILDSET_ID": String(assignment.buildset.rawValue), "DOORBELL_ATTEMPT": String(assignment.attempt),
            "DOORBELL_CHAIN": assignment.chain.rawValue, "DOORBELL_PROJECT": assignment.project, "DOORBELL_BUILDER": assignment.builder,
            "DOORBELL_REPOSITORY": assignment.stamp.repository, "DOORBELL_BRANCH": assignment.stamp.branch,
            "DOORBELL_REVISION": revisions[assignment.stamp.codebase] ?? assignment.stamp.revision ?? "", "DOORBELL_WORKER": worker,
            "DOORBELL_STEP": step.name,
            "DOORBELL_STEP_NUMBER": String(number), "DOORBELL_STEP_ATTEMPT": String(attempt),
        ]
        result.merge(context) { _, new in new }
        for source in assignment.sources ?? [] {
            let (stamp, name) = (source.stamp, source.stamp.codebase.uppercased())
            result["DOORBELL_REPOSITORY_\(name)"] = stamp.repository
            result["DOORBELL_BRANCH_\(name)"] = stamp.branch
            result["DOORBELL_REVISION_\(name)"] = revisions[stamp.codebase] ?? stamp.revision ?? ""
        }
        result.merge(assignment.environment) { _, new in new }
        result.merge(step.environment) { _, new in new }
        result.merge(secrets) { _, new in new }
        // Last, for no recipe may escape it.
        result[EnvironmentMark.name] = mark.value
        // An environment entry ends at the first zero, and a name at the first equals sign.
        return result.filter { !$0.key.isEmpty && !$0.key.contains("=") && !$0.key.contains("\0") && !$0.value.contains("\0") }
    }
}
