import Domain
import Storage
import Testing

extension StoreConformance where S: ChangeStore & ConfigurationStore & OutboxStore {
    public static var outboxRules: [Rule] {
        [
            Rule("events are read in pages from any cursor") { try await $0.eventsInPages() },
            Rule("a cursor of another epoch is refused") { try await $0.foreignCursor() },
            Rule("every event has a message id of its own") { try await $0.messageIDs() },
            Rule("a configuration applies once for each digest") { try await $0.configurationOnce() },
        ]
    }

    func eventsInPages() async throws {
        let world = try await world()
        let store = world.store
        #expect(try await store.latestCursor() == store.oldestCursor())
        _ = try await store.accept((1...5).map { Samples.change(String($0)) }, advancing: nil)
        let middle = try await store.latestCursor()
        _ = try await store.accept((6...9).map { Samples.change(String($0)) }, advancing: nil)
        let page = try await store.events(after: try await store.oldestCursor(), limit: 3)
        #expect(try page.map { try $0.fact(ChangeFact.self).revision } == ["1", "2", "3"])
        let rest = try await store.events(after: try #require(page.last).cursor, limit: 100)
        #expect(try rest.map { try $0.fact(ChangeFact.self).revision } == ["4", "5", "6", "7", "8", "9"])
        #expect(try await store.events(after: middle, limit: 100).count == 4)
        #expect(try await store.events(after: try await store.latestCursor(), limit: 100).isEmpty)
        #expect(EventCursor(middle.description) == middle)
    }

    func foreignCursor() async throws {
        let world = try await world()
        var cursor = try await world.store.latestCursor()
        cursor.epoch += 1
        await #expect {
            try await world.store.events(after: cursor, limit: 1)
        } throws: { error in
            if case StoreError.conflict = error { true } else { false }
        }
    }

    func messageIDs() async throws {
        let world = try await world()
        _ = try await world.store.accept((1...200).map { Samples.change(String($0)) }, advancing: nil)
        let ids = try await world.store.everyEvent().map(\.messageID)
        #expect(Set(ids).count == 200)
        #expect(ids.allSatisfy { $0.utf8.count == 36 })
    }

    func configurationOnce() async throws {
        let world = try await world()
        #expect(try await world.store.currentConfiguration() == nil)
        let configuration = Samples.configuration(quiet: .seconds(5))
        let first = try await world.store.apply(configuration, digest: Samples.digest(1))
        #expect(first.changed)
        #expect(first.applied.configuration == configuration)
        let again = try await world.store.apply(configuration, digest: Samples.digest(1))
        #expect(!again.changed)
        #expect(again.applied == first.applied)
        let second = try await world.store.apply(Samples.configuration(), digest: Samples.digest(2))
        #expect(second.changed)
        #expect(try await world.store.currentConfiguration() == second.applied)
        // Only the last one counts: going back is a new one.
        #expect(try await world.store.apply(configuration, digest: Samples.digest(1)).applied.id > second.applied.id)
        let events = try await world.store.events(.configApplied)
        #expect(events.count == 3)
        #expect(try events.first?.fact(ConfigFact.self).builders == ["test"])
    }
}
