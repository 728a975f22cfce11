import Domain

/// One page of a list. `next` goes into `after` for the page behind it; absent on the last one.
public struct PageDocument<Item: Encodable & Sendable>: Sendable, Encodable {
    public var items: [Item]
    public var next: String?

    public init(items: [Item], next: String?) {
        self.items = items
        self.next = next
    }
}

/// An accepted change.
public struct ChangeDocument: Sendable, Encodable {
    private var id: ChangeID
    private var chain: ChainID
    private var accepted: Timestamp
    private var source: String
    private var project: String
    private var repository: String
    private var branch: String
    private var revision: String
    private var author: String
    private var comments: String
    private var files: [String]
    private var category: String
    private var when: Timestamp?
    private var properties: [String: JSONValue]
    private var dedupeKey: String?
    /// Who told of it as well; only where one change is asked for.
    private var toldBy: [ToldBy]?

    private struct ToldBy: Sendable, Encodable {
        var source: String
        var chain: ChainID
        var told: Timestamp
    }
    private var submittedBy: String?

    private enum CodingKeys: String, CodingKey {
        case id, chain, accepted, source, project, repository, branch, revision, author, comments, files, category, when, properties
        case dedupeKey = "dedupe_key"
        case toldBy = "told_by"
        case submittedBy = "submitted_by"
    }

    public init(_ change: Change) {
        let content = change.content
        id = change.id
        chain = change.chain
        accepted = change.accepted
        source = content.source
        project = content.project
        repository = content.repository
        branch = content.branch
        revision = content.revision
        author = content.author
        comments = content.comments
        files = content.files
        category = content.category
        when = content.when
        properties = content.properties
        dedupeKey = content.dedupeKey
        submittedBy = content.submittedBy
    }

    /// - Parameter tellings: source, chain and time of each that told of it as well.
    public init(_ change: Change, toldBy tellings: [(source: String, chain: ChainID, told: Timestamp)]) {
        self.init(change)
        if !tellings.isEmpty { toldBy = tellings.map { ToldBy(source: $0.source, chain: $0.chain, told: $0.told) } }
    }
}

/// A worker that has connected at least once.
public struct WorkerDocument: Sendable, Encodable {
    public var name: String
    public var labels: Labels
    public var slots: Int
    public var version: String
    public var connected: Bool
    public var paused: Bool
    public var lastConnected: Timestamp
    public var builds: [BuildID]

    private enum CodingKeys: String, CodingKey {
        case name, labels, slots, version, connected, paused, builds
        case lastConnected = "last_connected"
    }

    public init(
        name: String, labels: Labels, slots: Int, version: String, connected: Bool, paused: Bool, lastConnected: Timestamp, builds: [BuildID]
    ) {
        self.name = name
        self.labels = labels
        self.slots = slots
        self.version = version
        self.connected = connected
        self.paused = paused
        self.lastConnected = lastConnected
        self.builds = builds
    }
}

/// A builder of the configuration in force, and how busy it is.
public struct BuilderDocument: Sendable, Encodable {
    public var name: String
    public var labels: Labels
    public var steps: [String]
    public var attempts: Int
    public var priority: Int
    public var pending: Int
    public var claimed: Int
    public var oldestPending: Timestamp?
    /// What people may say when they force it; absent: any properties.
    public var force: ForceRule?

    private enum CodingKeys: String, CodingKey {
        case name, labels, steps, attempts, priority, pending, claimed, force
        case oldestPending = "oldest_pending"
    }

    public init(_ builder: Builder, pending: Int, claimed: Int, oldestPending: Timestamp?) {
        name = builder.name
        labels = builder.labels
        steps = builder.steps.map(\.name)
        attempts = builder.attempts
        priority = builder.priority
        force = builder.force
        self.pending = pending
        self.claimed = claimed
        self.oldestPending = oldestPending
    }
}

/// A source of the configuration in force, and how it stands.
public struct SourceDocument: Sendable, Encodable {
    public enum Kind: String, Sendable, Encodable, CaseIterable {
        case git, mercurial, hook, amqp, directory, json
    }

    public var name: String
    public var kind: Kind
    public var git: String?
    public var mercurial: String?
    /// The forge that calls.
    public var hook: String?
    public var exchange: String?
    public var queue: String?
    public var directory: String?
    /// The address, without what stands behind a question mark.
    public var json: String?
    public var branches: [Glob]?
    public var tags: [Glob]?
    /// Absent before the first contact, and for forges, which call when they like.
    public var healthy: Bool?
    public var message: String?
    public var since: Timestamp?
    /// To which its changes belong.
    public var project: String?
    /// The source at the root of those that tell of one repository; absent when it tells alone.
    public var group: String?

    public init(_ source: SourceConfiguration) {
        name = source.name
        kind = .git
        git = source.git
        branches = source.branches
        tags = source.tags
    }

    public init(_ source: MercurialConfiguration) {
        name = source.name
        kind = .mercurial
        mercurial = source.repository
        branches = source.branches
    }

    public init(_ hook: HookConfiguration) {
        name = hook.name
        kind = .hook
        self.hook = hook.forge.rawValue
        branches = hook.branches
        tags = hook.tags
    }

    public init(_ feed: FeedConfiguration) {
        name = feed.name
        kind = .amqp
        exchange = feed.exchange
        queue = feed.queue
    }

    public init(_ source: DirectoryConfiguration) {
        name = source.name
        kind = .directory
        directory = source.directory
    }

    public init(_ source: JSONPollConfiguration) {
        name = source.name
        kind = .json
        json = String(source.url.prefix { $0 != "?" })
    }
}

/// What a poll by hand is answered with.
public struct PollAnswer: Sendable, Encodable {
    public var source: String

    public init(source: String) {
        self.source = source
    }
}
