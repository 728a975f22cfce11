/// Somebody who tells of changes by himself: a forge, or whatever a mapping can read.
public struct HookConfiguration: Hashable, Sendable, Codable {
    public enum Forge: String, Sendable, Codable, CaseIterable {
        case github, gitlab
        /// And Forgejo, which speaks as it does.
        case gitea
        /// Bitbucket Cloud.
        case bitbucket
        /// Bitbucket Data Center, and Server before it.
        case bitbucketServer = "bitbucket-server"
        /// Its webhooks plugin.
        case gerrit
        /// Anybody who sends JSON.
        case generic
    }

    /// Which address of a repository the builds check out.
    public enum Address: String, Sendable, Codable, CaseIterable {
        case https, ssh
    }

    public var name: String
    public var forge: Forge
    /// What the forge signs with, or shows; nil: anybody may tell.
    public var secret: CredentialReference?
    /// How a caller proves that it knows the secret, where the forge has no way of its own.
    public var ownProof: HookProof?
    public var branches: [Glob]
    /// Tags that become changes too; none by default.
    public var tags: [Glob]
    public var commits: SourceConfiguration.Commits
    public var address: Address
    /// Where the forge's repositories are, for those that do not say so.
    public var url: String?
    /// How a call becomes changes, for a caller whose form is not known: the first that means the call.
    public var mappings: [ChangeMapping]?
    /// The header with the sender's name for a call, where that is not the forge's own.
    public var delivery: String?

    public init(
        name: String, forge: Forge, secret: CredentialReference? = nil, ownProof: HookProof? = nil, branches: [Glob] = [Glob("*")], tags: [Glob] = [],
        commits: SourceConfiguration.Commits = .each, address: Address = .https, url: String? = nil, mappings: [ChangeMapping]? = nil,
        delivery: String? = nil
    ) {
        self.name = name
        self.forge = forge
        self.secret = secret
        self.ownProof = ownProof
        self.branches = branches
        self.tags = tags
        self.commits = commits
        self.address = address
        self.url = url
        self.mappings = mappings
        self.delivery = delivery
    }

    /// How a caller proves that it knows the secret; nil when nothing says how.
    public var proof: HookProof? { ownProof ?? forge.proof }
}
