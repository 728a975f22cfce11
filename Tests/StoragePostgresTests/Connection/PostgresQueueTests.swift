import Testing

@testable import StoragePostgres

@Suite struct PostgresQueueTests {
    private let start = ContinuousClock.now

    @Test("Whoever waits longest is served first, and one who left is passed over")
    func fairness() {
        var queue = PostgresQueue(connections: 1, mostWaiting: 9)
        #expect(queue.ask(1, until: start) == .take(0))
        for ticket in 2...5 as ClosedRange<UInt64> { #expect(queue.ask(ticket, until: start) == .wait) }
        let (first, again) = (queue.leave(3), queue.leave(3))
        #expect(first && !again)
        #expect(queue.giveBack(0) == 2)
        #expect(queue.giveBack(0) == 4)
        #expect(queue.giveBack(0) == 5)
        #expect(queue.giveBack(0) == nil)
        #expect(queue.busy == 0)
    }

    @Test("No more wait than allowed")
    func bound() {
        var queue = PostgresQueue(connections: 1, mostWaiting: 2)
        _ = queue.ask(1, until: start)
        _ = queue.ask(2, until: start)
        _ = queue.ask(3, until: start)
        #expect(queue.ask(4, until: start) == .full(waiting: 2))
    }

    @Test("Those whose time is over stop waiting, and no others")
    func expiry() {
        var queue = PostgresQueue(connections: 1, mostWaiting: 9)
        _ = queue.ask(1, until: start)
        for (index, ticket) in ([2, 3, 4] as [UInt64]).enumerated() { _ = queue.ask(ticket, until: start + .seconds(index)) }
        #expect(queue.expire(at: start + .seconds(1)) == [2, 3])
        #expect(queue.nextDeadline == start + .seconds(2))
        #expect(queue.giveBack(0) == 4)
    }

    @Test("Once closed it gives nothing more, and it is drained when the last connection is back")
    func closing() {
        var queue = PostgresQueue(connections: 2, mostWaiting: 9)
        _ = queue.ask(1, until: start)
        _ = queue.ask(2, until: start)
        _ = queue.ask(3, until: start)
        #expect(queue.close() == [3])
        #expect(queue.ask(4, until: start) == .closed)
        #expect(queue.takeIdle() == nil)
        #expect(queue.giveBack(0) == nil)
        #expect(!queue.isDrained)
        #expect(queue.giveBack(1) == nil)
        #expect(queue.isDrained)
    }

    @Test("Under any order of events no connection is held twice and none is lost", arguments: 0..<20)
    func invariant(seed: Int) {
        var random = Linear(state: UInt64(seed) &* 7919 &+ 1)
        var queue = PostgresQueue(connections: 3, mostWaiting: 4)
        var held: [UInt64: Int] = [:]
        var waiting: Set<UInt64> = []
        for ticket in 1...500 as ClosedRange<UInt64> {
            switch random.next(3) {
            case 0:
                switch queue.ask(ticket, until: start) {
                case .take(let connection):
                    #expect(!held.values.contains(connection))
                    held[ticket] = connection
                case .wait: waiting.insert(ticket)
                case .full: #expect(waiting.count == 4)
                case .closed: Issue.record("it was never closed")
                }
            case 1:
                guard let (owner, connection) = held.first else { continue }
                held[owner] = nil
                if let next = queue.giveBack(connection) {
                    #expect(waiting.remove(next) != nil)
                    held[next] = connection
                }
            default:
                if let one = waiting.first, queue.leave(one) { waiting.remove(one) }
            }
            #expect(queue.busy == held.count && queue.waiting == waiting.count)
            #expect(Set(held.values).count == held.count)
            #expect(held.count == 3 || waiting.isEmpty)
        }
    }

    private struct Linear {
        var state: UInt64

        mutating func next(_ bound: UInt64) -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return (state >> 33) % bound
        }
    }
}
