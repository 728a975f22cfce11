/// A Mercurial repository that the poller watches.
public struct MercurialConfiguration: Hashable, Sendable, Codable {
    public var name: String
    /// The URL or path that hg pulls from.
    public var repository: String
    /// Named branches.
    public var branches: [Glob]
    public var every: Duration
    public var commits: SourceConfiguration.Commits
    /// A bound on one contact with the remote.
    public var timeout: Duration
    public var credential: CredentialReference?

    public init(
        name: String, repository: String, branches: [Glob] = [Glob("*")], every: Duration = .seconds(30),
        commits: SourceConfiguration.Commits = .each, timeout: Duration = .seconds(60), credential: CredentialReference? = nil
    ) {
        self.name = name
        self.repository = repository
        self.branches = branches
        self.every = every
        self.commits = commits
        self.timeout = timeout
        self.credential = credential
    }

    private enum CodingKeys: String, CodingKey {
        case name, repository, branches, commits, credential
        case every = "every_ms"
        case timeout = "timeout_ms"
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            name: try container.decode(String.self, forKey: .name), repository: try container.decode(String.self, forKey: .repository),
            branches: try container.decode([Glob].self, forKey: .branches),
            every: try container.decodeMillisecondsIfPresent(forKey: .every) ?? .seconds(30),
            commits: try container.decode(SourceConfiguration.Commits.self, forKey: .commits),
            timeout: try container.decodeMillisecondsIfPresent(forKey: .timeout) ?? .seconds(60),
            credential: try container.decodeIfPresent(CredentialReference.self, forKey: .credential))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(name, forKey: .name)
        try container.encode(repository, forKey: .repository)
        try container.encode(branches, forKey: .branches)
        try container.encodeMillisecondsIfPresent(every, forKey: .every)
        try container.encode(commits, forKey: .commits)
        try container.encodeMillisecondsIfPresent(timeout, forKey: .timeout)
        try container.encodeIfPresent(credential, forKey: .credential)
    }
}
