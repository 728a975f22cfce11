extension SourceConfiguration: Codable {
    private enum CodingKeys: String, CodingKey {
        case name, git, branches, tags, commits, credential
        case every = "every_ms"
        case timeout = "timeout_ms"
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            name: try container.decode(String.self, forKey: .name),
            git: try container.decode(String.self, forKey: .git),
            branches: try container.decode([Glob].self, forKey: .branches),
            tags: try container.decode([Glob].self, forKey: .tags),
            every: try container.decodeMillisecondsIfPresent(forKey: .every) ?? .seconds(30),
            commits: try container.decode(Commits.self, forKey: .commits),
            timeout: try container.decodeMillisecondsIfPresent(forKey: .timeout) ?? .seconds(60),
            credential: try container.decodeIfPresent(CredentialReference.self, forKey: .credential))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(name, forKey: .name)
        try container.encode(git, forKey: .git)
        try container.encode(branches, forKey: .branches)
        try container.encode(tags, forKey: .tags)
        try container.encodeMillisecondsIfPresent(every, forKey: .every)
        try container.encode(commits, forKey: .commits)
        try container.encodeMillisecondsIfPresent(timeout, forKey: .timeout)
        try container.encodeIfPresent(credential, forKey: .credential)
    }
}
