import Domain
import Wire

/// What a force builds of the codebases of its builder: the tips of their branches, as far as nothing else is said. `branch` and `revision` of the body are
/// those of the first.
enum ForceStamps {
    static func stamps(of body: ForceBody, _ codebases: [Codebase], project: String) -> [SourceStamp] {
        codebases.enumerated().map { place, codebase in
            let wanted = body.codebases?[codebase.name]
            var stamp = codebase.tip(project: project)
            stamp.branch = wanted?.branch ?? (place == 0 ? body.branch : nil) ?? codebase.branch
            stamp.revision = wanted?.revision ?? (place == 0 ? body.revision : nil)
            return stamp
        }
    }

    static func problems(of body: ForceBody, builder: String, _ codebases: [Codebase]) -> [FieldProblem] {
        var problems: [FieldProblem] = []
        if body.repository != nil, !codebases.isEmpty {
            problems.append(FieldProblem("/repository", "goes with no builder of several codebases: each has its own"))
        }
        for (name, wanted) in (body.codebases ?? [:]).sorted(by: { $0.key < $1.key }) {
            guard let codebase = codebases.first(where: { $0.name == name }) else {
                let known = codebases.map(\.name).joined(separator: ", ")
                problems.append(
                    FieldProblem("/codebases", "names one that the builder is not built from; it has \(known.isEmpty ? "none" : known)"))
                continue
            }
            // The same rules as for a change: a force is a door to the same checkout.
            let change = NewChange(
                project: "", repository: codebase.repository, branch: wanted.branch ?? codebase.branch, revision: wanted.revision ?? "HEAD")
            for problem in change.problems where ["/branch", "/revision"].contains(problem.pointer) {
                problems.append(FieldProblem("/codebases/\(name)\(problem.pointer)", problem.detail))
            }
        }
        return problems
    }
}
