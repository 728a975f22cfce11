/// A forge that tells of pushes and pull requests by itself.
public struct HookConfiguration: Hashable, Sendable, Codable {
    public enum Forge: String, Sendable, Codable, CaseIterable {
        case github, gitlab
        /// And Forgejo, which speaks as it does.
        case gitea
    }

    /// Which address of a repository the builds check out.
    public enum Address: String, Sendable, Codable, CaseIterable {
        case https, ssh
    }

    public var name: String
    public var forge: Forge
    /// What the forge signs with, or shows; nil: anybody may tell.
    public var secret: CredentialReference?
    public var branches: [Glob]
    /// Tags that become changes too; none by default.
    public var tags: [Glob]
    public var commits: SourceConfiguration.Commits
    public var address: Address

    public init(
        name: String, forge: Forge, secret: CredentialReference? = nil, branches: [Glob] = [Glob("*")], tags: [Glob] = [],
        commits: SourceConfiguration.Commits = .each, address: Address = .https
    ) {
        self.name = name
        self.forge = forge
        self.secret = secret
        self.branches = branches
        self.tags = tags
        self.commits = commits
        self.address = address
    }
}
