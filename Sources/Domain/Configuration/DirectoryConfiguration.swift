/// A directory that others drop changes into, a file each.
public struct DirectoryConfiguration: Hashable, Sendable, Codable {
    /// What becomes of a file whose changes are accepted.
    public enum Accepted: String, Sendable, Codable, CaseIterable {
        /// It is moved to `done/`.
        case keep
        case remove
    }

    public var name: String
    /// An absolute path on the machine of the intake.
    public var directory: String
    /// How often to look where nothing rang.
    public var every: Duration
    public var accepted: Accepted
    /// How a file becomes changes: the first that means it. Nil: it holds changes as `POST /api/v1/changes` takes them.
    public var mappings: [ChangeMapping]?

    public init(
        name: String, directory: String, every: Duration = .seconds(60), accepted: Accepted = .keep, mappings: [ChangeMapping]? = nil
    ) {
        self.name = name
        self.directory = directory
        self.every = every
        self.accepted = accepted
        self.mappings = mappings
    }

    private enum CodingKeys: String, CodingKey {
        case name, directory, accepted, mappings
        case every = "every_ms"
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            name: try container.decode(String.self, forKey: .name), directory: try container.decode(String.self, forKey: .directory),
            every: try container.decodeMillisecondsIfPresent(forKey: .every) ?? .seconds(60),
            accepted: try container.decode(Accepted.self, forKey: .accepted),
            mappings: try container.decodeIfPresent([ChangeMapping].self, forKey: .mappings))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(name, forKey: .name)
        try container.encode(directory, forKey: .directory)
        try container.encodeMillisecondsIfPresent(every, forKey: .every)
        try container.encode(accepted, forKey: .accepted)
        try container.encodeIfPresent(mappings, forKey: .mappings)
    }
}
