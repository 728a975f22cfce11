/// A git repository that the poller watches.
public struct SourceConfiguration: Hashable, Sendable {
    /// How the commits between two polls become changes.
    public enum Commits: String, Sendable, Codable, CaseIterable {
        /// Each new commit is a change, oldest first.
        case each
        /// Only the newest commit of a branch is a change.
        case tip
    }

    public var name: String
    /// The URL or path that git fetches from.
    public var git: String
    public var branches: [Glob]
    /// Tags that become changes too; none by default.
    public var tags: [Glob]
    public var every: Duration
    public var commits: Commits
    /// A bound on one contact with the remote.
    public var timeout: Duration
    public var credential: CredentialReference?

    public init(
        name: String, git: String, branches: [Glob] = [Glob("*")], tags: [Glob] = [], every: Duration = .seconds(30), commits: Commits = .each,
        timeout: Duration = .seconds(60), credential: CredentialReference? = nil
    ) {
        self.name = name
        self.git = git
        self.branches = branches
        self.tags = tags
        self.every = every
        self.commits = commits
        self.timeout = timeout
        self.credential = credential
    }
}

/// Where a secret is found by the process that needs it; the secret itself is never in the configuration.
public enum CredentialReference: Hashable, Sendable {
    /// A file that holds `user:password` or a token, on its first line.
    case file(String)
    /// An environment variable of that process, likewise.
    case environment(String)
}
