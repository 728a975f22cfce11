import Domain
import Storage
import Testing

extension StoreConformance where S: DeliveryStore & OutboxStore {
    public static var deliveryRules: [Rule] {
        [
            Rule("a delivery is kept as it came, with what became of it") { try await $0.deliveryIsKept() },
            Rule("changes and their delivery are accepted together") { try await $0.deliveryOfChanges() },
            Rule("a delivery that cannot be noted takes no change with it") { try await $0.deliveryAndChangesAreOne() },
            Rule("reading a delivery again changes its verdict and makes no other") { try await $0.deliveryAgain() },
            Rule("deliveries are listed by source and verdict, in pages") { try await $0.deliveryPages() },
            Rule("a delivery is forgotten after its time") { try await $0.deliveryGrowsOld() },
            Rule("the oldest deliveries of a source make room for the newest") { try await $0.deliveriesAreBounded() },
            Rule("the largest bodies of a source make room as well") { try await $0.deliveryBytesAreBounded() },
            Rule("deliveries that come together each have a place") { try await $0.deliveriesTogether() },
        ]
    }

    static func delivery(
        _ name: String?, source: String = "forge", body: [UInt8]? = [0, 1, 0xff, 0x5c, 0x27], bounds: DeliveryBounds = DeliveryBounds()
    ) -> NewDelivery {
        NewDelivery(
            source: source, name: name, event: "push", headers: ["x-github-event": "push", "odd": "é \"'\\"], size: body?.count ?? 9_000_000,
            body: body, bounds: bounds)
    }

    func deliveryIsKept() async throws {
        let world = try await world()
        let wrong = DeliveryJudgement(.refused, reason: "/ref: is missing")
        let id = try await world.store.note(.first(Self.delivery("d-1"), wrong))
        let kept = try #require(try await world.store.delivery(id))
        let row = DeliveryRow(
            id: id, source: "forge", name: "d-1", event: "push", received: world.clock.now(), redelivered: nil, judgement: wrong, size: 5,
            isKept: true)
        #expect(kept == KeptDelivery(row: row, headers: Self.delivery("d-1").headers, body: [0, 1, 0xff, 0x5c, 0x27]))
        let large = try await world.store.note(.first(Self.delivery(nil, body: nil), wrong))
        let bodiless = try #require(try await world.store.delivery(large))
        #expect(bodiless.row.name == nil && bodiless.row.size == 9_000_000 && !bodiless.row.isKept && bodiless.body == nil)
        let empty = try await world.store.note(.first(Self.delivery("", body: []), wrong))
        #expect(try await world.store.delivery(empty)?.body == [])
        #expect(try await world.store.delivery(DeliveryID(99)) == nil)
        #expect(try await world.store.everyEvent().isEmpty)
    }

    func deliveryOfChanges() async throws {
        let world = try await world()
        let note = DeliveryNote.first(Self.delivery("d-1"), DeliveryJudgement(.accepted, changes: 2))
        let changes = [Samples.change("1", key: "1"), Samples.change("2", key: "2")]
        let first = try await world.store.accept(changes, noting: note)
        #expect(first.map(\.created) == [true, true])
        let again = try await world.store.accept(changes, noting: note)
        #expect(again == first.map { ChangeReceipt(id: $0.id, chain: $0.chain, created: false) })
        let rows = try await world.store.deliveries(PageQuery(DeliveryFields()))
        #expect(rows.map(\.judgement) == [DeliveryJudgement(.accepted, changes: 2), DeliveryJudgement(.accepted, changes: 2)])
        #expect(try await world.store.events(.changeReceived).count == 2)
    }

    func deliveryAndChangesAreOne() async throws {
        let world = try await world()
        // Accepted, and of no change: a lie that the store does not hold.
        let lie = DeliveryNote.first(Self.delivery("d-1"), DeliveryJudgement(.accepted, changes: 0))
        await #expect(throws: StoreError.self) { try await world.store.accept([Samples.change("1", key: "1")], noting: lie) }
        await #expect(throws: StoreError.self) { try await world.store.note(lie) }
        #expect(try await world.store.everyEvent().isEmpty)
        let rows = try await world.store.deliveries(PageQuery(DeliveryFields()))
        #expect(rows.isEmpty)
        let later = DeliveryNote.first(Self.delivery("d-1"), DeliveryJudgement(.accepted, changes: 1))
        #expect(try await world.store.accept([Samples.change("1", key: "1")], noting: later).map(\.created) == [true])
    }

    func deliveryAgain() async throws {
        let world = try await world()
        let unwatched = DeliveryJudgement(.ignored, reason: "the source does not watch branch main")
        let id = try await world.store.note(.first(Self.delivery("d-1"), unwatched))
        let received = world.clock.now()
        world.clock.advance(by: .seconds(60))
        _ = try await world.store.accept([Samples.change("1", key: "1")], noting: .again(id, DeliveryJudgement(.accepted, changes: 1)))
        let accepted = try #require(try await world.store.delivery(id)?.row)
        #expect(accepted.received == received && accepted.redelivered == world.clock.now())
        #expect(accepted.judgement == DeliveryJudgement(.accepted, changes: 1))
        world.clock.advance(by: .seconds(60))
        #expect(try await world.store.note(.again(id, DeliveryJudgement(.refused, reason: "no"))) == id)
        let rows = try await world.store.deliveries(PageQuery(DeliveryFields()))
        #expect(rows.map(\.judgement) == [DeliveryJudgement(.refused, reason: "no")] && rows.first?.redelivered == world.clock.now())
    }

    func deliveryPages() async throws {
        let world = try await world()
        var ids: [DeliveryID] = []
        for number in 1...6 {
            let verdict: DeliveryVerdict = number % 2 == 0 ? .refused : .ignored
            let source = number > 4 ? "other" : "forge"
            ids.append(try await world.store.note(.first(Self.delivery("d-\(number)", source: source), DeliveryJudgement(verdict, reason: "r"))))
        }
        var fields = DeliveryFields()
        #expect(try await world.store.deliveries(PageQuery(fields)).map(\.id) == ids.reversed())
        #expect(try await world.store.deliveries(PageQuery(fields, ascending: true, after: ids[1].rawValue, limit: 2)).map(\.id) == [ids[2], ids[3]])
        #expect(try await world.store.deliveries(PageQuery(fields, after: ids[2].rawValue)).map(\.id) == [ids[1], ids[0]])
        fields.source = "forge"
        #expect(try await world.store.deliveries(PageQuery(fields)).map(\.id) == [ids[3], ids[2], ids[1], ids[0]])
        fields.verdict = .refused
        #expect(try await world.store.deliveries(PageQuery(fields)).map(\.id) == [ids[3], ids[1]])
    }

    func deliveryGrowsOld() async throws {
        let world = try await world()
        let judgement = DeliveryJudgement(.refused, reason: "r")
        let old = try await world.store.note(.first(Self.delivery("old"), judgement))
        world.clock.advance(by: DeliveryBounds.kept)
        #expect(try await world.store.delivery(old) != nil)
        world.clock.advance(by: .microseconds(1))
        #expect(try await world.store.delivery(old) == nil)
        #expect(try await world.store.deliveries(PageQuery(DeliveryFields())).isEmpty)
        let new = try await world.store.note(.first(Self.delivery("new"), judgement))
        #expect(try await world.store.deliveries(PageQuery(DeliveryFields())).map(\.id) == [new])
        #expect(new > old)
    }

    func deliveriesAreBounded() async throws {
        let world = try await world()
        let judgement = DeliveryJudgement(.ignored, reason: "r")
        let bounds = DeliveryBounds(most: 20)
        let store = world.store
        let another = try await store.note(.first(Self.delivery("another", source: "other", bounds: bounds), judgement))
        try await withThrowingTaskGroup(of: Void.self) { group in
            // Eight writers, as fast as they can.
            for writer in 0..<8 {
                group.addTask {
                    for number in 0..<5 { _ = try await store.note(.first(Self.delivery("\(writer)-\(number)", bounds: bounds), judgement)) }
                }
            }
            try await group.waitForAll()
        }
        let last = try await store.note(.first(Self.delivery("last", bounds: bounds), judgement))
        let ids = try await store.deliveries(PageQuery(DeliveryFields(), limit: 100)).map(\.id)
        #expect(ids.count == 21 && ids.first == last && ids.last == another)
        #expect(try await store.delivery(another) != nil)
    }

    func deliveryBytesAreBounded() async throws {
        let world = try await world()
        let judgement = DeliveryJudgement(.refused, reason: "r")
        let bounds = DeliveryBounds(bytes: 4000)
        for (number, size) in [1000, 1500, 1500, 1000, 0, 3900].enumerated() {
            let body = [UInt8](repeating: 0x20, count: size)
            _ = try await world.store.note(.first(Self.delivery("d-\(number)", body: body, bounds: bounds), judgement))
            if number == 3 {
                let names = try await world.store.deliveries(PageQuery(DeliveryFields(), ascending: true)).map(\.name)
                #expect(names == ["d-1", "d-2", "d-3"])
            }
        }
        let names = try await world.store.deliveries(PageQuery(DeliveryFields(), ascending: true)).map(\.name)
        #expect(names == ["d-4", "d-5"])
    }

    func deliveriesTogether() async throws {
        let world = try await world()
        let store = world.store
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<40 {
                let name = "d-\(number)"
                group.addTask {
                    if number % 2 == 0 {
                        _ = try await store.note(.first(Self.delivery(name), DeliveryJudgement(.ignored, reason: "r")))
                    } else {
                        let note = DeliveryNote.first(Self.delivery(name), DeliveryJudgement(.accepted, changes: 1))
                        _ = try await store.accept([Samples.change(name, key: name)], noting: note)
                    }
                }
            }
            try await group.waitForAll()
        }
        let rows = try await store.deliveries(PageQuery(DeliveryFields(), limit: 100))
        #expect(rows.count == 40 && Set(rows.map(\.name)).count == 40)
        #expect(try await store.events(.changeReceived).count == 20)
    }
}
