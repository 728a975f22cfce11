import Domain
import Storage
import Testing

extension StoreConformance where S: Store {
    public static var mirrorRules: [Rule] {
        [
            Rule("what two sources of a group tell is one change, under the first one's number and chain") { try await $0.mirrorOnce() },
            Rule("forth, back and forth again are three, whoever tells of them") { try await $0.mirrorForthAndBack() },
            Rule("a repeat of what another told first gets the same answer, for ever") { try await $0.mirrorRepeats() },
            Rule("a change is found by every chain that was promised for it") { try await $0.mirrorChains() },
            Rule("what one source tells twice is never one change") { try await $0.mirrorOwn() },
            Rule("a source that looked finds the move back that nobody told") { try await $0.mirrorLooks() },
            Rule("groups, branches and repositories are lines of their own") { try await $0.mirrorLines() },
            Rule("changes of several sources in one batch are held against each other") { try await $0.mirrorBatch() },
            Rule("sources that tell at the same time tell of one change each") { try await $0.mirrorTogether() },
            Rule("sources that tell of many branches at the same time wait for nobody in a ring") { try await $0.mirrorManyLines() },
            Rule("a line forgets its oldest moves, and never its end") { try await $0.mirrorForgets() },
            Rule("a delivery that told nothing new is on record with its change") { try await $0.mirrorDelivery() },
            Rule("of what a position refuses nothing is told") { try await $0.mirrorConflict() },
            Rule("a group that was left and joined again, or has other members, begins its lines anew") { try await $0.mirrorRejoined() },
        ]
    }

    private static var group: MirrorGroup { MirrorGroup(name: "hook") }

    private func told(_ source: String, _ revision: String, branch: String = "main", key: String? = nil) -> NewChange {
        var change = Samples.change(revision, branch: branch, key: key ?? "\(source) \(branch) \(revision)")
        change.source = source
        return Self.group.told([change])[0]
    }

    private func looked(_ source: String, _ revision: String, since: Int64?, key: String? = nil) -> NewChange {
        var change = told(source, revision, key: key)
        change.mirror?.rule = .looked
        change.mirror?.since = since
        return change
    }

    private func end(_ world: World<S>, branch: String = "main") async throws -> MirrorEnd? {
        let line = Self.group.line(repository: Samples.repository, branch: branch)
        return try await world.store.mirrorEnds(of: [line, "none"])[line]
    }

    private func revisions(_ world: World<S>) async throws -> [String] {
        try await world.store.changes(PageQuery(ChangeFilterFields(), ascending: true, limit: 1000)).map(\.content.revision)
    }

    func mirrorOnce() async throws {
        let world = try await world()
        let before = try await end(world)
        #expect(before == nil)
        let first = try #require(try await world.store.accept([told("hook", "1")], advancing: nil).first)
        let second = try #require(try await world.store.accept([looked("poll", "1", since: nil)], advancing: nil).first)
        #expect(first.created)
        #expect(second == ChangeReceipt(id: first.id, chain: first.chain, created: false))
        let third = try #require(try await world.store.accept([looked("poll", "2", since: 1)], advancing: nil).first)
        let fourth = try #require(try await world.store.accept([told("hook", "2")], advancing: nil).first)
        #expect(third.created && fourth == ChangeReceipt(id: third.id, chain: third.chain, created: false))
        let events = try await world.store.events(.changeReceived)
        #expect(events.map(\.entityID) == [first.id.rawValue, third.id.rawValue])
        let end = try await end(world)
        #expect(end == MirrorEnd(place: 2, revision: "2"))
        let read = try #require(try await world.store.change(first.id))
        #expect(read.content.source == "hook" && read.content.mirror == nil)
    }

    func mirrorForthAndBack() async throws {
        let world = try await world()
        var ids: [ChangeID] = []
        for (push, revision) in ["a", "b", "a"].enumerated() {
            let hook = try await world.store.accept([told("hook", revision, key: "h\(push)")], advancing: nil)
            let since = try await end(world)?.place
            let poll = try await world.store.accept([looked("poll", revision, since: since, key: "p\(push)")], advancing: nil)
            #expect(hook.map(\.id) == poll.map(\.id))
            ids += hook.map(\.id)
        }
        #expect(Set(ids).count == 3)
        let made = try await revisions(world)
        #expect(made == ["a", "b", "a"])
    }

    func mirrorRepeats() async throws {
        let world = try await world()
        let first = try await world.store.accept([looked("poll", "1", since: nil)], advancing: nil)
        let hook = try await world.store.accept([told("hook", "1")], advancing: nil)
        _ = try await world.store.accept([told("hook", "2")], advancing: nil)
        let again = try await world.store.accept([told("hook", "1")], advancing: nil)
        #expect(hook == again)
        #expect(hook.map(\.id) == first.map(\.id) && hook.map(\.chain) == first.map(\.chain))
        // Also where its group is not known any more.
        var alone = told("hook", "1")
        alone.mirror = nil
        let apart = try await world.store.accept([alone], advancing: nil)
        #expect(apart == again)
        let made = try await revisions(world)
        #expect(made == ["1", "2"])
    }

    func mirrorChains() async throws {
        let world = try await world()
        let first = try #require(try await world.store.accept([told("poll", "1")], advancing: nil).first)
        world.clock.advance(by: .seconds(5))
        _ = try await world.store.accept([told("hook", "1")], advancing: nil)
        let promised = ChainID(deployment: world.store.deployment, source: "hook", dedupeKey: "hook main 1")
        for chain in [first.chain, promised] {
            var fields = ChangeFilterFields()
            fields.chain = chain
            let found = try await world.store.changes(PageQuery(fields)).map(\.id)
            #expect(found == [first.id])
        }
        var fields = ChangeFilterFields()
        fields.chain = ChainID.random()
        let none = try await world.store.changes(PageQuery(fields))
        #expect(none.isEmpty)
        let tellings = try await world.store.tellings(of: first.id)
        #expect(tellings == [ChangeTelling(source: "hook", chain: promised, told: world.clock.now())])
    }

    func mirrorOwn() async throws {
        let world = try await world()
        let own = try await world.store.accept([told("hook", "1", key: "a"), told("hook", "1", key: "b")], advancing: nil)
        #expect(own.map(\.created) == [true, true])
        let others = try await world.store.accept([told("feed", "1", key: "a"), told("feed", "1", key: "b")], advancing: nil)
        #expect(others.map(\.id) == own.map(\.id))
        let more = try await world.store.accept([told("feed", "1", key: "c")], advancing: nil)
        #expect(more.map(\.created) == [true])
    }

    func mirrorLooks() async throws {
        let world = try await world()
        _ = try await world.store.accept([told("hook", "a"), told("hook", "b")], advancing: nil)
        // The hook's word that it went back was lost.
        let since = try #require(try await end(world)?.place)
        let found = try await world.store.accept([looked("poll", "a", since: since)], advancing: nil)
        #expect(found.map(\.created) == [true])
        let end = try await end(world)
        #expect(end?.revision == "a")
        // It was only late.
        let late = try await world.store.accept([told("hook", "a", key: "late")], advancing: nil)
        #expect(late.map(\.id) == found.map(\.id))
    }

    func mirrorLines() async throws {
        let world = try await world()
        _ = try await world.store.accept([told("hook", "1")], advancing: nil)
        var branch = told("poll", "1", branch: "topic")
        var repository = told("poll", "1", key: "r")
        repository.repository = "https://example.org/other.git"
        repository = Self.group.told([repository])[0]
        var group = told("poll", "1", key: "g")
        group = MirrorGroup(name: "other").told([group])[0]
        var alone = told("poll", "1", key: "a")
        alone.mirror = nil
        let receipts = try await world.store.accept([branch, repository, group, alone], advancing: nil)
        #expect(receipts.map(\.created) == [true, true, true, true])
        branch.source = "third"
        let same = try await world.store.accept([branch], advancing: nil)
        #expect(same.map(\.id) == [receipts[0].id])
    }

    func mirrorBatch() async throws {
        let world = try await world()
        var alone = told("api", "1")
        alone.mirror = nil
        let receipts = try await world.store.accept(
            [told("hook", "1"), alone, told("feed", "1"), told("hook", "1"), told("feed", "2"), told("hook", "2")], advancing: nil)
        #expect(receipts.map(\.created) == [true, true, false, false, true, false])
        #expect(receipts[2].id == receipts[0].id && receipts[3].id == receipts[0].id && receipts[5].id == receipts[4].id)
        let chain = ChainID(deployment: world.store.deployment, source: "hook", dedupeKey: "hook main 1")
        #expect(receipts[2].chain == chain)
        let again = try await world.store.accept([told("feed", "1"), told("hook", "2")], advancing: nil)
        #expect(again.map(\.id) == [receipts[0].id, receipts[4].id])
    }

    func mirrorTogether() async throws {
        let world = try await world()
        let pushes = (1...40).map(String.init)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            for source in ["hook", "feed", "dropped"] {
                tasks.addTask {
                    for push in pushes { _ = try await world.store.accept([told(source, push)], advancing: nil) }
                }
            }
            try await tasks.waitForAll()
        }
        let made = try await revisions(world)
        #expect(made == pushes)
        let end = try await end(world)
        #expect(end == MirrorEnd(place: 40, revision: "40"))
    }

    func mirrorManyLines() async throws {
        let world = try await world()
        let branches = (1...12).map { "b\($0)" }
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            for (place, source) in ["hook", "feed", "dropped", "list"].enumerated() {
                tasks.addTask {
                    for push in 1...8 {
                        let order = place.isMultiple(of: 2) ? branches : branches.reversed()
                        _ = try await world.store.accept(order.map { told(source, "\(push)", branch: $0) }, advancing: nil)
                    }
                }
            }
            try await tasks.waitForAll()
        }
        let made = try await revisions(world)
        #expect(made.count == 12 * 8)
    }

    func mirrorForgets() async throws {
        let world = try await world()
        _ = try await world.store.accept([told("hook", "end")], advancing: nil)
        // On the way to where the branch will stand: none of them is its end.
        for batch in 0..<3 {
            let way = (0..<500).map { number in
                var change = told("poll", "\(batch) \(number)".replacing(" ", with: "."))
                change.mirror?.isTip = false
                return change
            }
            _ = try await world.store.accept(way, advancing: nil)
        }
        let end = try await end(world)
        #expect(end == MirrorEnd(place: 1, revision: "end"))
        let receipts = try await world.store.accept(
            [looked("other", "end", since: 1), told("feed", "2.499"), told("dropped", "0.0")], advancing: nil)
        #expect(receipts.map(\.created) == [false, false, true])
    }

    func mirrorDelivery() async throws {
        let world = try await world()
        let first = try await world.store.accept([looked("poll", "1", since: nil)], advancing: nil)
        let delivery = NewDelivery(source: "hook", name: "d", event: "push", headers: [:], size: 2, body: Array("{}".utf8))
        let second = try await world.store.accept([told("hook", "1")], noting: .first(delivery, DeliveryJudgement(.accepted, changes: 1)))
        #expect(second.map(\.id) == first.map(\.id))
        let kept = try await world.store.deliveries(PageQuery(DeliveryFields()))
        #expect(kept.map(\.judgement.verdict) == [.accepted])
    }

    func mirrorConflict() async throws {
        let world = try await world()
        _ = try await world.store.accept([], advancing: SourceAdvance(source: "poll", from: nil, to: "one"))
        await #expect {
            try await world.store.accept([looked("poll", "1", since: nil)], advancing: SourceAdvance(source: "poll", from: nil, to: "two"))
        } throws: { error in
            if case StoreError.conflict = error { true } else { false }
        }
        let end = try await end(world)
        #expect(end == nil)
        let hook = try await world.store.accept([told("hook", "1")], advancing: nil)
        #expect(hook.map(\.created) == [true])
    }
}
