import Domain
import Storage
import Testing

extension StoreConformance where S: Store {
    /// Applies a configuration with these sources as one group; the group as it is in force then.
    @discardableResult
    private func apply(_ world: World<S>, group sources: [String], root: String = "hook", _ number: Int) async throws -> MirrorGroup? {
        var configuration = Samples.configuration()
        for source in sources { configuration.mirrors[source] = MirrorGroup(name: root) }
        _ = try await world.store.apply(configuration, digest: Samples.digest(number))
        return try await world.store.currentConfiguration()?.configuration.ties(of: sources.first ?? root).group
    }

    /// What the poller saw, and whether that is new.
    private func looked(_ world: World<S>, _ revision: String, _ group: MirrorGroup?, key: String) async throws -> [Bool] {
        let group = try #require(group)
        var change = Samples.change(revision, key: key)
        change.source = "poll"
        let line = group.line(of: change)
        let since = try await world.store.mirrorEnds(of: [line])[line]?.place
        change.mirror = MirrorReport(line: line, rule: .looked, since: since)
        return try await world.store.accept([change], advancing: nil).map(\.created)
    }

    private func told(_ world: World<S>, _ revision: String, _ group: MirrorGroup?, by source: String = "hook", key: String) async throws -> [Bool] {
        let group = try #require(group)
        var change = Samples.change(revision, key: key)
        change.source = source
        return try await world.store.accept(group.told([change]), advancing: nil).map(\.created)
    }

    func mirrorRejoined() async throws {
        let world = try await world()
        let first = try await apply(world, group: ["hook", "poll"], 1)
        for revision in ["a", "b"] {
            let hook = try await told(world, revision, first, key: "1 \(revision)")
            let poll = try await looked(world, revision, first, key: "1 \(revision)")
            #expect(hook == [true] && poll == [false])
        }
        // What does not concern the group leaves it as it is.
        var other = Samples.configuration(builders: [Samples.builder("test"), Samples.builder("other")])
        other.mirrors = ["hook": MirrorGroup(name: "hook"), "poll": MirrorGroup(name: "hook")]
        _ = try await world.store.apply(other, digest: Samples.digest(2))
        let same = try await world.store.currentConfiguration()?.configuration.mirrors["poll"]
        #expect(same == first)

        _ = try await apply(world, group: [], 3)
        let second = try await apply(world, group: ["hook", "poll"], 1)
        // The branch went on while nobody said it here, and back to where the old line ended; the hook's call is lost.
        let back = try await looked(world, "b", second, key: "2 b")
        #expect(back == [true])
        let late = try await told(world, "b", second, key: "2 b")
        #expect(late == [false])

        // A third may not be held against what was told without it.
        let third = try await apply(world, group: ["hook", "poll", "feed"], 4)
        let joined = try await told(world, "b", third, by: "feed", key: "3 b")
        #expect(joined == [true])
        // A root that was renamed, and back.
        _ = try await apply(world, group: ["root", "poll", "feed"], root: "root", 5)
        let renamed = try await apply(world, group: ["hook", "poll", "feed"], 4)
        let again = try await looked(world, "b", renamed, key: "4 b")
        #expect(again == [true])
    }
}
