extension SchedulerRule: Codable {
    private enum CodingKeys: String, CodingKey {
        case name, kind, filter, builders, priority, properties, forks, schedule, follows, supersede, codebases
        case quiet = "quiet_ms"
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            name: try container.decode(String.self, forKey: .name),
            kind: try container.decode(Kind.self, forKey: .kind),
            filter: try container.decode(ChangeFilter.self, forKey: .filter),
            quiet: try container.decodeMillisecondsIfPresent(forKey: .quiet),
            builders: try container.decode([String].self, forKey: .builders),
            priority: try container.decode(Int.self, forKey: .priority),
            properties: try container.decode([String: JSONValue].self, forKey: .properties),
            // Revisions that were stored before these keys existed do not have them.
            forks: try container.decodeIfPresent(Bool.self, forKey: .forks) ?? false,
            schedule: try container.decodeIfPresent(Schedule.self, forKey: .schedule),
            follows: try container.decodeIfPresent(Dependence.self, forKey: .follows),
            supersede: try container.decodeIfPresent(Superseding.self, forKey: .supersede),
            codebases: try container.decodeIfPresent([String].self, forKey: .codebases) ?? [])
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(name, forKey: .name)
        try container.encode(kind, forKey: .kind)
        try container.encode(filter, forKey: .filter)
        try container.encodeMillisecondsIfPresent(quiet, forKey: .quiet)
        try container.encode(builders, forKey: .builders)
        try container.encode(priority, forKey: .priority)
        try container.encode(properties, forKey: .properties)
        try container.encode(forks, forKey: .forks)
        try container.encodeIfPresent(schedule, forKey: .schedule)
        try container.encodeIfPresent(follows, forKey: .follows)
        try container.encodeIfPresent(supersede, forKey: .supersede)
        if !codebases.isEmpty { try container.encode(codebases, forKey: .codebases) }
    }
}
