import Domain
import FoundationEssentials
import Wire

/// A change that was answered while the database was away: everything that its acceptance needs, its keys among it.
public struct SpooledChange: Hashable, Sendable {
    public var change: NewChange
    /// The key was the client's, so that repeats of the submission are recognised.
    public var isProtected: Bool
    /// The chain that was told; it follows from the keys.
    public var chain: ChainID
    /// By this machine's clock.
    public var taken: Timestamp

    public init(change: NewChange, isProtected: Bool, chain: ChainID, taken: Timestamp) {
        self.change = change
        self.isProtected = isProtected
        self.chain = chain
        self.taken = taken
    }
}

/// The form in which it lies on the disk. Fields may be added; none changes its meaning.
private struct Stored: Codable {
    var version: Int
    var chain: ChainID
    var taken: Timestamp
    var isProtected: Bool
    var change: ChangeSubmission
    /// Absent where the source tells alone.
    var mirror: MirrorReport?
    /// Absent where nobody is known.
    var submittedBy: String?

    enum CodingKeys: String, CodingKey {
        case version, chain, taken, change, mirror
        case submittedBy = "submitted_by"
        case isProtected = "protected"
    }
}

extension SpooledChange {
    func encoded() throws -> [UInt8] {
        let submission = ChangeSubmission(
            source: change.source, project: change.project, repository: change.repository, branch: change.branch, revision: change.revision,
            author: change.author, comments: change.comments, files: change.files, category: change.category, when: change.when,
            properties: change.properties, dedupeKey: change.dedupeKey)
        return Array(
            try JSONEncoder().encode(
                Stored(
                    version: 1, chain: chain, taken: taken, isProtected: isProtected, change: submission, mirror: change.mirror,
                    submittedBy: change.submittedBy)))
    }

    init(encoded bytes: [UInt8]) throws {
        let stored = try JSONDecoder().decode(Stored.self, from: Data(bytes))
        var change = NewChange(stored.change)
        change.mirror = stored.mirror
        change.submittedBy = stored.submittedBy
        self.init(change: change, isProtected: stored.isProtected, chain: stored.chain, taken: stored.taken)
    }
}
