/// Asks for the newest change of a branch among those accepted up to one of them: the same for everybody who asks, and whenever they do.
public struct LatestKey: Hashable, Sendable {
    public var repository: String
    public var branch: String
    public var upTo: ChangeID

    public init(repository: String, branch: String, upTo: ChangeID) {
        self.repository = repository
        self.branch = branch
        self.upTo = upTo
    }
}

/// What is there to build of a branch.
public struct LatestChange: Hashable, Sendable {
    public var project: String
    public var revision: String

    public init(project: String, revision: String) {
        self.project = project
        self.revision = revision
    }
}

extension PlannedBuildset {
    /// Every source stamp, the main one first.
    public var stamps: [SourceStamp] { [stamp] + further }

    /// What has to be known of the codebases that none of its changes is of; empty where there is one repository.
    public var openKeys: [LatestKey] { stamps.compactMap(key) }

    /// Those codebases at the newest change that was there when the last of its changes was accepted, at the tip of their branch where there was none.
    public func filled(from latest: [LatestKey: LatestChange]) -> PlannedBuildset {
        var filled = self
        filled.stamp = resolved(stamp, latest)
        filled.further = further.map { resolved($0, latest) }
        return filled
    }

    private func resolved(_ stamp: SourceStamp, _ latest: [LatestKey: LatestChange]) -> SourceStamp {
        guard let key = key(stamp), let found = latest[key] else { return stamp }
        var stamp = stamp
        stamp.project = found.project
        stamp.revision = found.revision
        return stamp
    }

    private func key(_ stamp: SourceStamp) -> LatestKey? {
        guard let asOf, !stamp.codebase.isEmpty, stamp.revision == nil else { return nil }
        return LatestKey(repository: stamp.repository, branch: stamp.branch, upTo: asOf)
    }
}

extension [SourceStamp] {
    /// What buildsets of several codebases share that are about the same branches: of each its name, its repository and its branch, every word behind its
    /// length. Nil for one repository.
    public var line: String? {
        guard let first, !first.codebase.isEmpty else { return nil }
        return sorted { $0.codebase < $1.codebase }.flatMap { [$0.codebase, $0.repository, $0.branch] }.map { "\($0.utf8.count):\($0)" }.joined()
    }
}
