import Domain
import Storage
import Testing

extension StoreConformance where S: OutgoingStore & OutboxStore & ChangeStore {
    public static var outgoingRules: [Rule] {
        [
            Rule("a subscriber begins behind the newest event, once") { try await $0.subscriberBegins() },
            Rule("one process leads a subscriber, until its lease ends by the store's clock") { try await $0.oneLeader() },
            Rule("a lease that is given back is free at once, and its term is over") { try await $0.leaseGivenBack() },
            Rule("a leader that was frozen writes nothing, whoever leads now") { try await $0.frozenLeader() },
            Rule("cursor, counts and sendings are written together, and read as they were") { try await $0.settled() },
            Rule("a sending is written once, whatever is told of it later") { try await $0.sendingOnce() },
            Rule("sendings are listed by outcome, in pages") { try await $0.sendingPages() },
            Rule("a sending can be asked for again, whatever became of it") { try await $0.sendingAgain() },
            Rule("a subscriber that nobody leads any more is forgotten with its sendings; those of the configuration stay") {
                try await $0.subscribersForgotten()
            },
            Rule("old sendings are forgotten, but not what waits") { try await $0.sendingsForgotten() },
            Rule("the oldest sendings make room for the newest") { try await $0.sendingsBounded() },
            Rule("how far a subscriber is behind is told") { try await $0.subscriberLag() },
        ]
    }

    private static var period: Duration { .seconds(30) }

    private func lead(_ world: World<S>, _ owner: String = "one", _ name: String = "hook") async throws -> SubscriberAnswer {
        let found = try await world.store.lead(subscribers: [name], as: owner, for: Self.period)
        #expect(found.now == world.clock.now())
        return try #require(found.answers[name])
    }

    private func term(_ world: World<S>, _ owner: String = "one") async throws -> SubscriberTerm {
        try #require(try await lead(world, owner).term)
    }

    private static func sending(_ event: EventRecord, _ outcome: SendingOutcome, _ moment: Timestamp) -> Sending {
        Sending(
            event: event, outcome: outcome, attempts: 2, first: moment.advanced(by: .seconds(-5)), last: moment,
            next: outcome == .waiting ? moment.advanced(by: .seconds(9)) : nil, status: outcome == .sent ? 204 : nil,
            reason: outcome == .sent ? "" : "no \"answer\" é\\")
    }

    func subscriberBegins() async throws {
        let world = try await world()
        _ = try await world.store.accept([Samples.change("1"), Samples.change("2")], advancing: nil)
        let first = try await lead(world)
        let newest = try await world.store.latestCursor()
        #expect(first.cursor == newest)
        #expect(first.waiting == 0 && first.asked == 0 && first.failingSince == nil)
        _ = try await world.store.accept([Samples.change("3")], advancing: nil)
        let again = try await lead(world)
        #expect(again.cursor == first.cursor && again.term == first.term)
        let events = try await world.store.events(after: again.cursor, limit: 10)
        #expect(try events.map { try $0.fact(ChangeFact.self).revision } == ["3"])
        let both = try await world.store.lead(subscribers: ["hook", "other"], as: "one", for: Self.period)
        #expect(both.answers["hook"]?.cursor == first.cursor)
        let last = try await world.store.latestCursor()
        #expect(both.answers["other"]?.cursor == last)
    }

    func oneLeader() async throws {
        let world = try await world()
        let first = try await term(world)
        let held = try await lead(world, "two")
        #expect(held.term == nil && held.leasedUntil == world.clock.now().advanced(by: Self.period))
        world.clock.advance(by: .seconds(20))
        #expect(try await term(world) == first)
        world.clock.advance(by: .seconds(29))
        #expect(try await lead(world, "two").term == nil)
        world.clock.advance(by: .seconds(1))
        let second = try await term(world, "two")
        #expect(second.number > first.number && second.owner == "two")
        #expect(try await lead(world).term == nil)
        #expect(try await world.store.subscribers().map(\.owner) == ["two"])
        // Both at once: one has it.
        world.clock.advance(by: .seconds(60))
        let store = world.store
        async let left = store.lead(subscribers: ["hook"], as: "three", for: Self.period)
        async let right = store.lead(subscribers: ["hook"], as: "four", for: Self.period)
        let terms = try await [left, right].compactMap { $0.answers["hook"]?.term }
        #expect(terms.count == 1)
    }

    func leaseGivenBack() async throws {
        let world = try await world()
        let first = try await term(world)
        try await world.store.resign([first])
        let cursor = try await world.store.latestCursor()
        #expect(try await world.store.settle(SubscriberSettlement(term: first, cursor: cursor)) == false)
        let second = try await term(world, "two")
        #expect(second.number > first.number)
        // What is over cannot be given back.
        try await world.store.resign([first])
        #expect(try await lead(world, "three").term == nil)
    }

    func frozenLeader() async throws {
        let world = try await world()
        let first = try await term(world)
        _ = try await world.store.accept([Samples.change("1")], advancing: nil)
        let event = try #require(try await world.store.everyEvent().first)
        let before = try await world.store.subscribers()[0].cursor
        let late = SubscriberSettlement(
            term: first, cursor: event.cursor, sendings: [Self.sending(event, .sent, world.clock.now())], failures: 1, error: "e")
        world.clock.advance(by: .seconds(31))
        // Its lease has ended, though nobody took over.
        #expect(try await world.store.settle(late) == false)
        let second = try await term(world, "two")
        #expect(try await world.store.settle(late) == false)
        let row = try await world.store.subscribers()[0]
        #expect(row.cursor == before && row.sent == 0 && row.failed == 0 && row.error == "")
        #expect(try await world.store.sendings(PageQuery(SendingFields(subscriber: "hook"))).isEmpty)
        var now = late
        now.term = second
        #expect(try await world.store.settle(now))
        #expect(try await world.store.subscribers()[0].cursor == event.cursor)
    }

    func settled() async throws {
        let world = try await world()
        let term = try await term(world)
        _ = try await world.store.accept((1...3).map { Samples.change(String($0)) }, advancing: nil)
        let events = try await world.store.everyEvent()
        let now = world.clock.now()
        let sendings = zip(events, [SendingOutcome.sent, .waiting, .givenUp]).map { Self.sending($0, $1, now) }
        let settlement = SubscriberSettlement(
            term: term, cursor: events[2].cursor, sendings: sendings, failures: 4, failingSince: now.advanced(by: .seconds(-60)), error: "broken")
        #expect(try await world.store.settle(settlement))
        let row = try #require(try await world.store.subscribers().first)
        #expect(row.name == "hook" && row.owner == "one" && row.cursor == events[2].cursor && row.waiting == 1)
        #expect(row.sent == 1 && row.failed == 4 && row.givenUp == 1 && row.lastSent == now && row.lastFailed == now)
        #expect(row.error == "broken" && row.failingSince == now.advanced(by: .seconds(-60)))
        let listed = try await world.store.sendings(PageQuery(SendingFields(subscriber: "hook"), ascending: true))
        #expect(listed.map(\.sending) == sendings)
        #expect(try await world.store.waitingSendings(of: "hook") == [sendings[1]])
        let answer = try await lead(world)
        #expect(answer.waiting == 1 && answer.failingSince == row.failingSince && answer.cursor == row.cursor)
        // A write of nothing but a better time.
        world.clock.advance(by: .seconds(5))
        #expect(try await world.store.settle(SubscriberSettlement(term: term, cursor: events[2].cursor)))
        let later = try #require(try await world.store.subscribers().first)
        #expect(later.failingSince == nil && later.error == "broken" && later.lastSent == now && later.lastFailed == now)
    }

    func sendingOnce() async throws {
        let world = try await world()
        let term = try await term(world)
        _ = try await world.store.accept([Samples.change("1")], advancing: nil)
        let event = try await world.store.everyEvent()[0]
        for outcome in [SendingOutcome.waiting, .waiting, .sent] {
            let settlement = SubscriberSettlement(
                term: term, cursor: event.cursor, sendings: [Self.sending(event, outcome, world.clock.now())])
            #expect(try await world.store.settle(settlement))
        }
        let listed = try await world.store.sendings(PageQuery(SendingFields(subscriber: "hook")))
        #expect(listed.map(\.sending.outcome) == [.sent])
        #expect(try await world.store.waitingSendings(of: "hook").isEmpty)
    }

    func sendingPages() async throws {
        let world = try await world()
        let term = try await term(world)
        _ = try await world.store.accept((1...9).map { Samples.change(String($0)) }, advancing: nil)
        let events = try await world.store.everyEvent()
        let sendings = events.map { Self.sending($0, $0.entityID.isMultiple(of: 3) ? .givenUp : .sent, world.clock.now()) }
        #expect(try await world.store.settle(SubscriberSettlement(term: term, cursor: events[8].cursor, sendings: sendings)))
        let first = try await world.store.sendings(PageQuery(SendingFields(subscriber: "hook"), limit: 4))
        let rest = try await world.store.sendings(PageQuery(SendingFields(subscriber: "hook"), after: first.last?.id.rawValue, limit: 100))
        #expect((first + rest).map(\.sending.event.messageID) == events.reversed().map(\.messageID))
        let given = try await world.store.sendings(PageQuery(SendingFields(subscriber: "hook", outcome: .givenUp)))
        #expect(given.count == 3 && given.allSatisfy { $0.sending.outcome == .givenUp })
        #expect(try await world.store.sendings(PageQuery(SendingFields(subscriber: "other"))).isEmpty)
    }

    func sendingAgain() async throws {
        let world = try await world()
        let term = try await term(world)
        _ = try await world.store.accept((1...2).map { Samples.change(String($0)) }, advancing: nil)
        let events = try await world.store.everyEvent()
        let sendings = zip(events, [SendingOutcome.givenUp, .waiting]).map { Self.sending($0, $1, world.clock.now()) }
        #expect(try await world.store.settle(SubscriberSettlement(term: term, cursor: events[1].cursor, sendings: sendings)))
        let ids = try await world.store.sendings(PageQuery(SendingFields(subscriber: "hook"), ascending: true)).map(\.id)
        world.clock.advance(by: .seconds(3))
        for id in ids { #expect(try await world.store.sendAgain(id, to: "hook")) }
        #expect(try await world.store.sendAgain(ids[0], to: "other") == false)
        #expect(try await world.store.sendAgain(SendingID(999_999), to: "hook") == false)
        let waiting = try await world.store.waitingSendings(of: "hook")
        #expect(waiting.map(\.isRepeat) == [true, false] && waiting.allSatisfy { $0.next == world.clock.now() })
        // Its day begins anew; that of one which waits goes on.
        #expect(waiting[0].first == world.clock.now() && waiting[1].first == sendings[1].first)
        let answer = try await lead(world)
        #expect(answer.asked == 2 && answer.waiting == 2)
    }

    func subscribersForgotten() async throws {
        let world = try await world()
        let term = try await term(world)
        _ = try await lead(world, "one", "kept")
        _ = try await world.store.accept([Samples.change("1")], advancing: nil)
        let event = try await world.store.everyEvent()[0]
        let settlement = SubscriberSettlement(term: term, cursor: event.cursor, sendings: [Self.sending(event, .waiting, world.clock.now())])
        #expect(try await world.store.settle(settlement))
        try await world.store.resign([term])
        world.clock.advance(by: .seconds(3000))
        #expect(try await world.store.forgetSubscribers(except: ["kept"], idleFor: .seconds(3600)).isEmpty)
        world.clock.advance(by: .seconds(3000))
        #expect(try await world.store.forgetSubscribers(except: ["kept"], idleFor: .seconds(3600)) == ["hook"])
        #expect(try await world.store.subscribers().map(\.name) == ["kept"])
        #expect(try await world.store.waitingSendings(of: "hook").isEmpty)
    }

    func sendingsForgotten() async throws {
        let world = try await world()
        let term = try await term(world)
        _ = try await world.store.accept((1...2).map { Samples.change(String($0)) }, advancing: nil)
        let events = try await world.store.everyEvent()
        let sendings = zip(events, [SendingOutcome.sent, .waiting]).map { Self.sending($0, $1, world.clock.now()) }
        #expect(try await world.store.settle(SubscriberSettlement(term: term, cursor: events[1].cursor, sendings: sendings)))
        world.clock.advance(by: SendingBounds.kept - .seconds(1))
        _ = try await world.store.forgetSubscribers(except: ["hook"], idleFor: .seconds(3600))
        #expect(try await world.store.sendings(PageQuery(SendingFields(subscriber: "hook"))).count == 2)
        world.clock.advance(by: .seconds(2))
        _ = try await world.store.forgetSubscribers(except: ["hook"], idleFor: .seconds(3600))
        #expect(try await world.store.sendings(PageQuery(SendingFields(subscriber: "hook"))).map(\.sending.outcome) == [.waiting])
    }

    func sendingsBounded() async throws {
        let world = try await world()
        let term = try await term(world)
        _ = try await world.store.accept([Samples.change("1")], advancing: nil)
        let event = try await world.store.everyEvent()[0]
        let now = world.clock.now()
        func settle(_ numbers: ClosedRange<Int>) async throws {
            let sendings = numbers.map { number in
                var event = event
                event.messageID = "m-\(number)"
                return Self.sending(event, number == 1 ? .waiting : .sent, now)
            }
            #expect(try await world.store.settle(SubscriberSettlement(term: term, cursor: event.cursor, sendings: sendings)))
        }
        let most = Int(SendingBounds.most)
        try await settle(1...10)
        try await settle(11...most)
        try await settle(most + 1...most + 5)
        let oldest = try await world.store.sendings(PageQuery(SendingFields(subscriber: "hook"), ascending: true, limit: 3))
        #expect(oldest.map(\.sending.event.messageID) == ["m-1", "m-6", "m-7"])
    }

    func subscriberLag() async throws {
        let world = try await world()
        let term = try await term(world)
        #expect(try await world.store.subscribers().map(\.lag) == [0])
        _ = try await world.store.accept((1...4).map { Samples.change(String($0)) }, advancing: nil)
        let events = try await world.store.everyEvent()
        world.clock.advance(by: .seconds(7))
        let row = try #require(try await world.store.subscribers().first)
        #expect(row.lag == 4 && row.age == .seconds(7))
        #expect(try await world.store.settle(SubscriberSettlement(term: term, cursor: events[3].cursor)))
        let later = try #require(try await world.store.subscribers().first)
        #expect(later.lag == 0 && later.age == .zero)
    }
}
