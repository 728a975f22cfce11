/// A change as it arrives, before it is accepted: the body of `POST /api/v1/changes`, and what every poller makes.
public struct NewChange: Hashable, Sendable {
    /// Which source saw it; `api` for changes submitted by hand.
    public var source: String
    public var project: String
    public var repository: String
    public var branch: String
    public var revision: String
    public var author: String
    public var comments: String
    public var files: [String]
    public var category: String
    /// When it was made, by its author's clock.
    public var when: Timestamp?
    public var properties: [String: JSONValue]
    /// The same source and key again is the same change. Nil: the server makes a random one, and repeats are not recognised.
    public var dedupeKey: String?
    /// What it says to the other sources that tell of its repository; nil where there is none, and once it is accepted.
    public var mirror: MirrorReport?
    /// Who submitted it, where the server knows: nobody can say it of himself.
    public var submittedBy: String?

    public init(
        source: String = "api", project: String, repository: String, branch: String, revision: String, author: String = "",
        comments: String = "", files: [String] = [], category: String = "", when: Timestamp? = nil, properties: [String: JSONValue] = [:],
        dedupeKey: String? = nil, mirror: MirrorReport? = nil, submittedBy: String? = nil
    ) {
        self.source = source
        self.project = project
        self.repository = repository
        self.branch = branch
        self.revision = revision
        self.author = author
        self.comments = comments
        self.files = files
        self.category = category
        self.when = when
        self.properties = properties
        self.dedupeKey = dedupeKey
        self.mirror = mirror
        self.submittedBy = submittedBy
    }
}

/// The answer to a submitted change.
public struct ChangeReceipt: Hashable, Sendable {
    public var id: ChangeID
    public var chain: ChainID
    /// False when the same change was accepted before, and this is the first answer again.
    public var created: Bool

    public init(id: ChangeID, chain: ChainID, created: Bool) {
        self.id = id
        self.chain = chain
        self.created = created
    }
}

/// An accepted change.
public struct Change: Hashable, Sendable {
    public var id: ChangeID
    public var chain: ChainID
    public var accepted: Timestamp
    public var content: NewChange

    public init(id: ChangeID, chain: ChainID, accepted: Timestamp, content: NewChange) {
        self.id = id
        self.chain = chain
        self.accepted = accepted
        self.content = content
    }
}
