/// What an operator wrote: sources, schedulers (rules) and builders of one project. Applied as a whole or not at all.
public struct Configuration: Hashable, Sendable, Codable {
    public var project: String
    public var sources: [SourceConfiguration]
    /// Mercurial repositories.
    public var mercurial: [MercurialConfiguration]
    /// Forges that tell by themselves.
    public var hooks: [HookConfiguration]
    /// Exchanges of others.
    public var feeds: [FeedConfiguration]
    /// Directories that others drop changes into.
    public var directories: [DirectoryConfiguration]
    /// Lists at addresses of others.
    public var lists: [JSONPollConfiguration]
    /// How much sources may bring, by their names.
    public var sourceLimits: [String: ChangeLimit]
    /// Sources that tell of one repository with others, by their names, the root of each group among them.
    public var mirrors: [String: MirrorGroup]
    /// To which project the changes of sources belong, by their names, where it is not `project`.
    public var sourceProjects: [String: String]
    /// Repositories that schedulers build together.
    public var codebases: [Codebase]
    public var schedulers: [SchedulerRule]
    public var builders: [Builder]
    /// What builders name among their locks.
    public var locks: [Lock]
    /// How many builds may be open at once, over the whole deployment.
    public var limit: Int?
    /// What steps may ask for; none of them is here.
    public var secrets: [Secret]
    /// Nil where it is not written: as its default says.
    public var untrusted: UntrustedRule?
    /// What the projects whose changes come in may take; empty: all requests stand in one line.
    public var projects: [ProjectRule]
    /// Programs of others that read events from queues of their own.
    public var consumers: [EventConsumer]
    /// Endpoints that events are sent to.
    public var webhooks: [Webhook]

    public init(
        project: String, sources: [SourceConfiguration] = [], mercurial: [MercurialConfiguration] = [], hooks: [HookConfiguration] = [],
        feeds: [FeedConfiguration] = [],
        directories: [DirectoryConfiguration] = [], lists: [JSONPollConfiguration] = [], sourceLimits: [String: ChangeLimit] = [:],
        mirrors: [String: MirrorGroup] = [:], sourceProjects: [String: String] = [:], codebases: [Codebase] = [],
        schedulers: [SchedulerRule] = [], builders: [Builder] = [], locks: [Lock] = [], limit: Int? = nil, secrets: [Secret] = [],
        untrusted: UntrustedRule? = nil, projects: [ProjectRule] = [], consumers: [EventConsumer] = [], webhooks: [Webhook] = []
    ) {
        self.project = project
        self.sources = sources
        self.mercurial = mercurial
        self.hooks = hooks
        self.feeds = feeds
        self.directories = directories
        self.lists = lists
        self.sourceLimits = sourceLimits
        self.mirrors = mirrors
        self.sourceProjects = sourceProjects
        self.codebases = codebases
        self.schedulers = schedulers
        self.builders = builders
        self.locks = locks
        self.limit = limit
        self.secrets = secrets
        self.untrusted = untrusted
        self.projects = projects
        self.consumers = consumers
        self.webhooks = webhooks
    }

    /// Revisions that were stored before a key existed do not have it.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            project: try values.decode(String.self, forKey: .project), sources: try values.decode([SourceConfiguration].self, forKey: .sources),
            mercurial: try values.decodeIfPresent([MercurialConfiguration].self, forKey: .mercurial) ?? [],
            hooks: try values.decodeIfPresent([HookConfiguration].self, forKey: .hooks) ?? [],
            feeds: try values.decodeIfPresent([FeedConfiguration].self, forKey: .feeds) ?? [],
            directories: try values.decodeIfPresent([DirectoryConfiguration].self, forKey: .directories) ?? [],
            lists: try values.decodeIfPresent([JSONPollConfiguration].self, forKey: .lists) ?? [],
            sourceLimits: try values.decodeIfPresent([String: ChangeLimit].self, forKey: .sourceLimits) ?? [:],
            mirrors: try values.decodeIfPresent([String: MirrorGroup].self, forKey: .mirrors) ?? [:],
            sourceProjects: try values.decodeIfPresent([String: String].self, forKey: .sourceProjects) ?? [:],
            codebases: try values.decodeIfPresent([Codebase].self, forKey: .codebases) ?? [],
            schedulers: try values.decode([SchedulerRule].self, forKey: .schedulers),
            builders: try values.decode([Builder].self, forKey: .builders),
            locks: try values.decodeIfPresent([Lock].self, forKey: .locks) ?? [], limit: try values.decodeIfPresent(Int.self, forKey: .limit),
            secrets: try values.decodeIfPresent([Secret].self, forKey: .secrets) ?? [],
            untrusted: try values.decodeIfPresent(UntrustedRule.self, forKey: .untrusted),
            projects: try values.decodeIfPresent([ProjectRule].self, forKey: .projects) ?? [],
            consumers: try values.decodeIfPresent([EventConsumer].self, forKey: .consumers) ?? [],
            webhooks: try values.decodeIfPresent([Webhook].self, forKey: .webhooks) ?? [])
    }

    private enum CodingKeys: String, CodingKey {
        case project, sources, mercurial, hooks, feeds, directories, lists, codebases, schedulers, builders, locks, limit, secrets, untrusted
        case projects, consumers, mirrors, webhooks
        case sourceLimits = "source_limits"
        case sourceProjects = "source_projects"
    }

    /// Every source of changes, of whichever kind.
    public var sourceNames: [String] { readSourceNames + hooks.map(\.name) }

    /// Those that Doorbell reads itself, and of which it can be said whether they can be read.
    public var readSourceNames: [String] {
        sources.map(\.name) + mercurial.map(\.name) + feeds.map(\.name) + directories.map(\.name) + lists.map(\.name)
    }

    /// To which project the changes of a source belong, and who else tells of its repository.
    public func ties(of source: String) -> SourceTies {
        SourceTies(project: sourceProjects[source] ?? project, group: mirrors[source])
    }

    public func builder(named name: String) -> Builder? { builders.first { $0.name == name } }
    public func source(named name: String) -> SourceConfiguration? { sources.first { $0.name == name } }
    public func scheduler(named name: String) -> SchedulerRule? { schedulers.first { $0.name == name } }
}

/// A configuration that was applied, with the number the store gave it.
public struct AppliedConfiguration: Hashable, Sendable {
    public var id: ConfigurationID
    /// SHA-256 of the text that was applied, in hexadecimal; a file applies only when its digest differs from the last.
    public var digest: String
    public var applied: Timestamp
    public var configuration: Configuration

    public init(id: ConfigurationID, digest: String, applied: Timestamp, configuration: Configuration) {
        self.id = id
        self.digest = digest
        self.applied = applied
        self.configuration = configuration
    }
}
