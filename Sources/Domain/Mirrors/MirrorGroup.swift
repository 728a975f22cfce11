import Crypto

/// Sources that tell of one repository: what several of them tell is one change.
public struct MirrorGroup: Hashable, Sendable, Codable {
    /// That of its root, the source which the others mirror.
    public var name: String
    /// History is only added to, so that a revision comes to a branch once: Mercurial's. In git a branch may go back to where it was.
    public var grows: Bool
    /// The revision of the configuration after which its members became these, so that what was told before does not count; see `Configuration.succeeding`. Nil
    /// when there was none, and where history grows: there nothing goes stale.
    public var since: ConfigurationID?

    public init(name: String, grows: Bool = false, since: ConfigurationID? = nil) {
        self.name = name
        self.grows = grows
        self.since = since
    }

    /// The line that changes of a branch stand in, one after the other: an id, the same for every source of the group.
    ///
    /// Repositories are known by the last part of their address, since a hook may name another address than a poller; one hook of a whole organisation tells of
    /// several.
    ///
    /// - Parameter pull: the number of the pull request whose head it is.
    public func line(repository: String, branch: String, pull: String? = nil) -> String {
        var hash = SHA256()
        let parts = [name, Self.lastPart(of: repository), pull.map { "pull \($0)" } ?? "branch", branch]
        for part in parts + (since.map { ["since \($0.rawValue)"] } ?? []) {
            hash.update(data: Array("\(part.utf8.count):\(part)".utf8))
        }
        return hash.finalize().hexadecimal
    }

    public func line(of change: NewChange) -> String {
        let pull = change.isPull ? change.properties[PullProperty.number]?.interpolated ?? "" : nil
        return line(repository: change.repository, branch: change.branch, pull: pull)
    }

    /// `storefront` of `https://git.example.org/shop/Storefront.git`, in lower case as forges compare it.
    public static func lastPart(of repository: String) -> String { parts(of: repository).last ?? "" }

    /// The address, part by part: `storefront` is the last.
    public static func parts(of repository: String) -> [String] {
        var rest = repository[...].prefix { $0 != "?" && $0 != "#" }
        while rest.last == "/" { rest.removeLast() }
        if rest.hasSuffix("/.git") { rest.removeLast(5) } else if rest.hasSuffix(".git") { rest.removeLast(4) }
        return rest.split(whereSeparator: { $0 == "/" || $0 == ":" }).map { $0.lowercased() }
    }

    /// Changes that somebody told, all at once: the last of each branch is where that stands, those before lead to it.
    public func told(_ changes: [NewChange]) -> [NewChange] {
        var later: Set<String> = []
        return changes.reversed().map { change in
            var change = change
            let line = line(of: change)
            change.mirror = MirrorReport(line: line, rule: grows ? .grown : .told, isTip: later.insert(line).inserted)
            return change
        }.reversed()
    }
}
