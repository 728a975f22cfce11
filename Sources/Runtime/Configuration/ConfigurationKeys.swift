/// The keys of each part of a configuration. The JSON Schema names the same ones; a test compares them.
enum ConfigurationKeys {
    static let top = ["project", "sources", "schedulers", "builders"]
    static let source = ["name", "git", "branches", "tags", "every", "commits", "timeout", "credential"]
    static let hook = ["name", "hook", "secret", "unsigned", "branches", "tags", "commits", "address"]
    static let filter = ["branches", "projects", "repositories", "categories", "files", "ignore_files"]
    static let scheduler = ["name", "kind"] + filter + ["quiet", "builders", "priority", "properties", "forks"]
    static let builder = ["name", "labels", "env", "properties", "attempts", "priority", "needs", "steps"]
    static let need = ["builder", "outcome"]
    static let step = [
        "name", "checkout", "run", "env", "directory", "timeout", "idle_timeout", "continue_on_failure", "always", "warnings_only", "retries",
    ]
    static let checkout = ["mode", "submodules", "credential", "directory"]
    static let credential = ["file", "env"]
}
