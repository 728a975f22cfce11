import Domain

/// The keys of each part of a configuration. The JSON Schema names the same ones; a test compares them.
enum ConfigurationKeys {
    static let top = [
        "project", "sources", "codebases", "schedulers", "builders", "locks", "limit", "secrets", "untrusted", "projects",
        "consumers", "webhooks",
    ]
    static let untrusted = ["workers"]
    static let secret = ["name", "file", "env", "projects", "untrusted"]
    /// A secret as a step names it.
    static let secretUse = ["name", "as", "optional"]
    static let source = ["name", "git", "branches", "tags", "every", "commits", "timeout", "credential", "limit", "mirror_of", "project"]
    static let hook = [
        "name", "hook", "secret", "unsigned", "signature", "token", "branches", "tags", "commits", "address", "url", "delivery", "map", "limit",
        "mirror_of", "project",
    ]
    static let signature = ["header", "algorithm", "prefix"]
    static let header = ["header"]
    static let feed = [
        "name", "amqp", "credential", "preset", "exchange", "keys", "queue", "queue_type", "declare", "prefetch", "dead_letters", "map", "limit",
        "mirror_of", "project",
    ]
    static let mercurial = ["name", "mercurial", "branches", "every", "commits", "timeout", "credential", "limit", "mirror_of", "project"]
    static let directory = ["name", "directory", "every", "accepted", "map", "limit", "mirror_of", "project"]
    static let json = ["name", "json", "every", "timeout", "credential", "token", "newest", "map", "limit", "mirror_of", "project"]
    static let sourceLimit = ["changes", "per"]
    static let codebase = ["name", "repository", "branch", "path", "credential"]
    static let mapping = ["only", "each", "files", "properties"] + ChangeMapping.Field.allCases.map(\.rawValue)
    static let filter = ["branches", "projects", "repositories", "categories", "files", "ignore_files", "where"]
    static let condition = ChangeCondition.Field.allCases.map(\.rawValue) + ["properties", "all", "any", "not"]
    /// Of schedulers that changes start.
    static let ofChanges = filter + ["quiet", "forks", "supersede"]
    /// Of schedulers that the clock starts.
    static let clock = ["cron", "timezone", "every", "branch", "repository", "only_if_changed", "missed"]
    /// Of schedulers that follow others.
    static let dependence = ["after", "outcome"]
    static let scheduler = ["name", "kind"] + ofChanges + clock + dependence + ["codebases", "builders", "priority", "properties"]
    static let builder = [
        "name", "labels", "env", "properties", "attempts", "priority", "needs", "limit", "locks", "deadline", "collapse", "reuse", "force", "try",
        "matrix", "steps",
    ]
    static let tryRule = ["bytes"]
    static let reuse = ["within", "outcome"]
    static let force = ["parameters", "reason"]
    static let parameter = ["name", "kind", "label", "required", "default", "choices", "minimum", "maximum", "pattern"]
    /// Beside the axes of a matrix.
    static let matrix = ["include", "exclude"]
    static let need = ["builder", "outcome"]
    static let lock = ["name", "count"]
    static let consumer = ["name", "queue", "keys", "dead_letters"]
    static let webhook = ["name", "url", "keys", "secret", "private"]
    static let project = ["name", "share", "limit", "longest_wait"]
    /// A lock as a builder names it.
    static let lockUse = ["name", "mode"]
    static let step = [
        "name", "checkout", "run", "trigger", "env", "secrets", "directory", "timeout", "idle_timeout", "continue_on_failure", "always",
        "warnings_only",
        "retries",
    ]
    static let checkout = ["mode", "system", "submodules", "credential", "directory"]
    static let trigger = ["scheduler", "schedulers", "wait", "properties"]
    static let credential = ["file", "env"]

    /// Those of a hook's keys that its kind has a use for.
    static func hook(_ forge: HookConfiguration.Forge) -> [String] {
        let all = ["name", "hook", "secret", "unsigned", "limit", "mirror_of", "project"]
        return switch forge {
        case .github, .gitlab, .gitea, .bitbucket: all + ["branches", "tags", "commits", "address"]
        // It lists no commits.
        case .bitbucketServer: all + ["branches", "tags", "address", "url"]
        case .gerrit: all + ["token", "branches", "tags", "url"]
        case .generic: all + ["signature", "token", "delivery", "map"]
        }
    }
}
