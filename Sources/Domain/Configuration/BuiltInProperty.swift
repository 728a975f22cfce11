/// The properties that every build has, set by Doorbell itself; no configuration and no change may set them.
public enum BuiltInProperty: String, CaseIterable, Sendable {
    case branch, revision, repository, project, builder, buildset, request, build, worker, attempt

    public static let names = Set(allCases.map(\.rawValue))
    /// What no configuration and no person may set: the mark of what nobody may trust is a change's alone.
    public static let reserved = names.union([PullProperty.untrusted])

    /// Those that a build of several codebases has of each.
    static let ofCodebases: [BuiltInProperty] = [.branch, .revision, .repository]

    /// The name that one of these has for a codebase.
    func name(for codebase: String) -> String { "\(rawValue)_\(codebase)" }

    /// What builds of these codebases have; no configuration may set it either.
    public static func names(for codebases: [Codebase]) -> Set<String> {
        Set(codebases.flatMap { codebase in ofCodebases.map { $0.name(for: codebase.name) } })
    }
}

extension Assignment {
    /// The built-in properties of this build, from source `doorbell`.
    public var builtInProperties: Properties {
        var values: [String: JSONValue] = [:]
        for property in BuiltInProperty.allCases {
            values[property.rawValue] =
                switch property {
                case .branch: .string(stamp.branch)
                case .revision: .string(stamp.revision ?? "")
                case .repository: .string(stamp.repository)
                case .project: .string(project)
                case .builder: .string(builder.name)
                case .buildset: .integer(buildset.rawValue)
                case .request: .integer(request.rawValue)
                case .build: .integer(build.rawValue)
                case .worker: .string(worker)
                case .attempt: .integer(Int64(attempt))
                }
        }
        for stamp in sources.map(\.stamp) {
            values[BuiltInProperty.branch.name(for: stamp.codebase)] = .string(stamp.branch)
            values[BuiltInProperty.revision.name(for: stamp.codebase)] = .string(stamp.revision ?? "")
            values[BuiltInProperty.repository.name(for: stamp.codebase)] = .string(stamp.repository)
        }
        return Properties(values, source: "doorbell")
    }
}
