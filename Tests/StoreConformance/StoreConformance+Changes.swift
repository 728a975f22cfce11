import Domain
import Storage
import Testing

extension StoreConformance where S: ChangeStore & SourceStore & OutboxStore {
    public static var changeRules: [Rule] {
        [
            Rule("a change with a known key gets the first answer again") { try await $0.changeOnce() },
            Rule("changes without a key are all different") { try await $0.changesWithoutKey() },
            Rule("the same key of another source is another change") { try await $0.changeKeysBelongToSources() },
            Rule("a source's position moves with its changes") { try await $0.positionMoves() },
            Rule("changes that follow another position are refused, all of them") { try await $0.positionConflict() },
            Rule("a received change is told in full") { try await $0.changeIsTold() },
            Rule("whoever waits for events is woken by each commit that has some") { try await $0.waitersAreWoken() },
            Rule("a source's health is kept, and its since is that of the last difference") { try await $0.healthIsKept() },
        ]
    }

    func changeOnce() async throws {
        let world = try await world()
        let first = try await world.store.accept([Samples.change("1", key: "k"), Samples.change("2", key: "k")], advancing: nil)
        #expect(first.map(\.created) == [true, false])
        #expect(first[0].id == first[1].id)
        #expect(first[0].chain == first[1].chain)
        let again = try await world.store.accept([Samples.change("1", key: "k")], advancing: nil)
        #expect(again == [ChangeReceipt(id: first[0].id, chain: first[0].chain, created: false)])
        #expect(try await world.store.events(.changeReceived).count == 1)
    }

    func changesWithoutKey() async throws {
        let world = try await world()
        let receipts = try await world.store.accept([Samples.change("1"), Samples.change("1")], advancing: nil)
        #expect(receipts.map(\.created) == [true, true])
        #expect(receipts[0].id < receipts[1].id)
        #expect(receipts[0].chain != receipts[1].chain)
    }

    func changeKeysBelongToSources() async throws {
        let world = try await world()
        var other = Samples.change("1", key: "k")
        other.source = "other"
        let receipts = try await world.store.accept([Samples.change("1", key: "k"), other], advancing: nil)
        #expect(receipts.map(\.created) == [true, true])
        #expect(receipts[0].chain != receipts[1].chain)
    }

    func positionMoves() async throws {
        let world = try await world()
        #expect(try await world.store.sourceState("repo").position == nil)
        _ = try await world.store.accept([Samples.change("1")], advancing: SourceAdvance(source: "repo", from: nil, to: "one"))
        _ = try await world.store.accept([], advancing: SourceAdvance(source: "repo", from: "one", to: "two"))
        #expect(try await world.store.sourceState("repo").position == "two")
        #expect(try await world.store.sourceState("other").position == nil)
    }

    func positionConflict() async throws {
        let world = try await world()
        _ = try await world.store.accept([], advancing: SourceAdvance(source: "repo", from: nil, to: "one"))
        for from in [nil, "two"] {
            await #expect {
                try await world.store.accept([Samples.change("1", key: "k")], advancing: SourceAdvance(source: "repo", from: from, to: "three"))
            } throws: { error in
                if case StoreError.conflict = error { true } else { false }
            }
        }
        #expect(try await world.store.sourceState("repo").position == "one")
        #expect(try await world.store.everyEvent().isEmpty)
        #expect(try await world.store.accept([Samples.change("1", key: "k")], advancing: nil).first?.created == true)
    }

    func changeIsTold() async throws {
        let world = try await world()
        let change = Samples.change("abc", key: "k", files: ["a b", "é/\"q\".swift"])
        let receipt = try #require(try await world.store.accept([change], advancing: nil).first)
        let event = try #require(try await world.store.everyEvent().first)
        #expect(event.kind == .changeReceived)
        #expect(event.entity == .change)
        #expect(event.entityID == receipt.id.rawValue)
        #expect(event.entityVersion == 1)
        #expect(event.occurred == world.clock.now())
        #expect(event.routingKey == "change.received.demo.main._._._.\(receipt.id)")
        #expect(try event.fact(ChangeFact.self) == ChangeFact(change))
        #expect(try event.chains() == EventChain(id: receipt.chain, changes: [receipt.id]))
    }

    func waitersAreWoken() async throws {
        let world = try await world()
        let counter = Count()
        world.store.onEvents { counter.increment() }
        _ = try await world.store.accept([Samples.change("1", key: "k"), Samples.change("2")], advancing: nil)
        #expect(counter.value == 1)
        _ = try await world.store.accept([Samples.change("1", key: "k")], advancing: nil)
        #expect(counter.value == 1, "a repeat leaves no event")
    }

    func healthIsKept() async throws {
        let world = try await world()
        #expect(try await world.store.sourceState("repo").health == nil)
        let broken = SourceHealth(healthy: false, message: "no such repository", since: world.clock.now())
        try await world.store.recordSourceHealth("repo", broken)
        world.clock.advance(by: .seconds(60))
        var later = broken
        later.since = world.clock.now()
        try await world.store.recordSourceHealth("repo", later)
        #expect(try await world.store.sourceState("repo").health == broken)
        let healthy = SourceHealth(healthy: true, message: nil, since: world.clock.now())
        try await world.store.recordSourceHealth("repo", healthy)
        #expect(try await world.store.sourceState("repo").health == healthy)
    }
}
