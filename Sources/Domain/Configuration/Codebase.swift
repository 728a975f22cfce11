/// One of several repositories that are built together: what its changes are, and where its tree goes.
public struct Codebase: Hashable, Sendable, Codable {
    /// Letters, digits and `_`: it is part of the names of properties and variables.
    public var name: String
    /// As its changes name it, and as it is fetched where there is none.
    public var repository: String
    /// What is built of it when something else has changed.
    public var branch: String
    /// Where in a checkout's directory its tree goes.
    public var path: String
    /// How the worker fetches it; nil: as the checkout says.
    public var credential: CredentialReference?

    public static let defaultBranch = "main"
    public static let longestName = 40

    /// The label that a worker has which can check out several sources: older ones do not get such builds.
    public static let label = "doorbell-codebases"
    public static let labelValue = "1"

    public init(
        name: String, repository: String, branch: String = Codebase.defaultBranch, path: String? = nil, credential: CredentialReference? = nil
    ) {
        self.name = name
        self.repository = repository
        self.branch = branch
        self.path = path ?? name
        self.credential = credential
    }

    public static func allows(name: String) -> Bool {
        guard let first = name.utf8.first, name.utf8.count <= longestName, Self.isLetter(first) else { return false }
        return name.utf8.allSatisfy { isLetter($0) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || $0 == UInt8(ascii: "_") }
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        let lower = byte | 0x20
        return (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(lower)
    }

    /// What is built of it as far as nobody says more: the tip of its branch.
    public func tip(project: String) -> SourceStamp {
        SourceStamp(project: project, repository: repository, branch: branch, revision: nil, codebase: name)
    }
}

/// What a worker checks out of one codebase, and where.
public struct BuildSource: Hashable, Sendable, Codable {
    public var stamp: SourceStamp
    public var path: String
    public var credential: CredentialReference?

    public init(stamp: SourceStamp, path: String, credential: CredentialReference? = nil) {
        self.stamp = stamp
        self.path = path
        self.credential = credential
    }
}

extension Configuration {
    public func codebase(named name: String) -> Codebase? { codebases.first { $0.name == name } }

    /// Some rule builds several.
    public var buildsCodebases: Bool { schedulers.contains { !$0.codebases.isEmpty } }

    /// Those that a rule builds together, in its order; the first is the main one.
    public func codebases(of rule: SchedulerRule) -> [Codebase] { rule.codebases.compactMap(codebase) }

    /// What a build of a builder by hand is made of: the codebases of the first rule that starts it; empty: one repository.
    public func codebases(ofBuilder name: String) -> [Codebase] {
        schedulers.first { $0.builders.contains(name) && !$0.codebases.isEmpty }.map(codebases) ?? []
    }

    /// Where the worker puts what a buildset is made of. One that the configuration has lost goes where it would by its name. Empty: a build of one
    /// repository, which needs no place of its own.
    public func sources(of stamps: [SourceStamp]) -> [BuildSource] {
        stamps.filter { !$0.codebase.isEmpty }.map { stamp in
            let known = codebase(named: stamp.codebase)
            return BuildSource(
                stamp: stamp, path: known?.path ?? stamp.codebase,
                // A secret goes to the repository that it was configured for.
                credential: known.flatMap { $0.repository == stamp.repository ? $0.credential : nil })
        }
    }
}
