import Domain

/// The body of `POST /api/v1/changes`.
public struct ChangeSubmission: Hashable, Sendable, Codable {
    public var source: String?
    public var project: String
    public var repository: String
    public var branch: String
    public var revision: String
    public var author: String?
    public var comments: String?
    public var files: [String]?
    public var category: String?
    public var when: Timestamp?
    public var properties: [String: JSONValue]?
    public var dedupeKey: String?

    public init(
        source: String? = nil, project: String, repository: String, branch: String, revision: String, author: String? = nil,
        comments: String? = nil, files: [String]? = nil, category: String? = nil, when: Timestamp? = nil,
        properties: [String: JSONValue]? = nil, dedupeKey: String? = nil
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
    }

    enum CodingKeys: String, CodingKey, CaseIterable {
        case source, project, repository, branch, revision, author, comments, files, category, when, properties
        case dedupeKey = "dedupe_key"
    }
}

extension NewChange {
    public init(_ submission: ChangeSubmission) {
        self.init(
            source: submission.source ?? "api", project: submission.project, repository: submission.repository, branch: submission.branch,
            revision: submission.revision, author: submission.author ?? "", comments: submission.comments ?? "",
            files: submission.files ?? [], category: submission.category ?? "", when: submission.when, properties: submission.properties ?? [:],
            dedupeKey: submission.dedupeKey)
    }
}

/// The answer: 201 when the change is new, 200 with the same answer when it was accepted before, 202 when the database is away and the change is kept on
/// the intake's own disk until it is back.
public struct ChangeAccepted: Hashable, Sendable, Codable {
    /// Absent with 202: the number comes with the commit. The chain is the one that the change keeps.
    public var id: ChangeID?
    public var chain: ChainID
    public var source: String
    /// The key in force; made by the server when none was given, and then not `protected` against repeats.
    public var dedupeKey: String
    public var protected: Bool

    public init(id: ChangeID?, chain: ChainID, source: String, dedupeKey: String, protected: Bool) {
        self.id = id
        self.chain = chain
        self.source = source
        self.dedupeKey = dedupeKey
        self.protected = protected
    }

    private enum CodingKeys: String, CodingKey {
        case id, chain, source, protected
        case dedupeKey = "dedupe_key"
    }
}
