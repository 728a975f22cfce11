/// Which changes a rule looks at, and which of them matter.
public struct ChangeFilter: Hashable, Sendable, Codable {
    public enum Verdict: Sendable, Equatable {
        /// Not this rule's business.
        case ignored
        /// It touches only files that do not matter: it rides along, but starts nothing.
        case unimportant
        case important
    }

    /// Empty lists match everything.
    public var projects: [Glob]
    public var repositories: [Glob]
    public var branches: [Glob]
    public var categories: [Glob]
    /// Files that matter; empty: all.
    public var files: [Glob]
    /// Files that do not matter, even when `files` names them.
    public var ignoreFiles: [Glob]
    /// What else is asked of a change, whichever of its fields.
    public var condition: ChangeCondition?

    private enum CodingKeys: String, CodingKey {
        case projects, repositories, branches, categories, files
        case ignoreFiles = "ignore_files"
        case condition = "where"
    }

    public init(
        projects: [Glob] = [], repositories: [Glob] = [], branches: [Glob] = [], categories: [Glob] = [], files: [Glob] = [],
        ignoreFiles: [Glob] = [], condition: ChangeCondition? = nil
    ) {
        self.projects = projects
        self.repositories = repositories
        self.branches = branches
        self.categories = categories
        self.files = files
        self.ignoreFiles = ignoreFiles
        self.condition = condition
    }

    /// - Parameter branch: the branch that counts, where it is not the change's own.
    public func judge(_ change: NewChange, branch: String? = nil) -> Verdict {
        func matches(_ globs: [Glob], _ value: String) -> Bool {
            globs.isEmpty || globs.contains { $0.matches(value) }
        }
        guard matches(projects, change.project), matches(repositories, change.repository), matches(branches, branch ?? change.branch),
            matches(categories, change.category), condition?.holds(for: change) ?? true
        else { return .ignored }
        // A change that names no files may touch any of them, so it matters.
        guard !change.files.isEmpty else { return .important }
        let matters = change.files.contains { file in matches(files, file) && !ignoreFiles.contains { $0.matches(file) } }
        return matters ? .important : .unimportant
    }

    /// Why a change is ignored; nil when it is not.
    public func refusal(of change: NewChange, branch: String? = nil) -> String? {
        let fields = [
            ("project", change.project, projects), ("repository", change.repository, repositories), ("branch", branch ?? change.branch, branches),
            ("category", change.category, categories),
        ]
        for (name, value, globs) in fields where !globs.isEmpty && !globs.contains(where: { $0.matches(value) }) {
            return "\(name) \(ChangeCondition.quoted(value)), asked for is \(globs.prefix(10).map(\.pattern).joined(separator: ", "))"
        }
        return condition?.refusal(of: change)
    }
}
