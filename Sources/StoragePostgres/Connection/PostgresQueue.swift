/// Who has which connection of a pool, and who waits: no connection is given twice, and whoever waits longest is served first. Pure: the pool acts on it.
struct PostgresQueue {
    enum Answer: Equatable {
        case take(Int)
        case wait
        case full(waiting: Int)
        case closed
    }

    private struct Waiter {
        var ticket: UInt64
        var deadline: ContinuousClock.Instant
    }

    let mostWaiting: Int
    /// The most recently used last: the others rest.
    private var idle: [Int]
    private var waiters: ArraySlice<Waiter> = []
    private(set) var busy = 0
    private(set) var isClosed = false

    /// Connections are known by their numbers, from 0.
    init(connections: Int, mostWaiting: Int) {
        idle = Array((0..<max(1, connections)).reversed())
        self.mostWaiting = mostWaiting
    }

    var waiting: Int { waiters.count }
    /// Until when the one waits that waits longest.
    var nextDeadline: ContinuousClock.Instant? { waiters.first?.deadline }
    /// Closed, and nobody uses anything any more.
    var isDrained: Bool { isClosed && busy == 0 }

    /// Asks for a connection; the deadlines of those who ask never decrease.
    mutating func ask(_ ticket: UInt64, until deadline: ContinuousClock.Instant) -> Answer {
        guard !isClosed else { return .closed }
        if let connection = takeIdle() { return .take(connection) }
        guard waiters.count < mostWaiting else { return .full(waiting: waiters.count) }
        waiters.append(Waiter(ticket: ticket, deadline: deadline))
        return .wait
    }

    /// One that nobody uses, without waiting.
    mutating func takeIdle() -> Int? {
        guard !isClosed, let connection = idle.popLast() else { return nil }
        busy += 1
        return connection
    }

    /// Gives one back; the waiter that has it now, if there is one.
    mutating func giveBack(_ connection: Int) -> UInt64? {
        if let waiter = waiters.popFirst() { return waiter.ticket }
        idle.append(connection)
        busy -= 1
        return nil
    }

    /// A waiter gives up; false when it waits no more.
    mutating func leave(_ ticket: UInt64) -> Bool {
        guard let place = waiters.firstIndex(where: { $0.ticket == ticket }) else { return false }
        waiters.remove(at: place)
        return true
    }

    /// Those whose time is over; they wait no more.
    mutating func expire(at now: ContinuousClock.Instant) -> [UInt64] {
        var expired: [UInt64] = []
        while let waiter = waiters.first, waiter.deadline <= now {
            expired.append(waiter.ticket)
            waiters.removeFirst()
        }
        return expired
    }

    /// Nobody gets one any more; those who wait, who will wait in vain.
    mutating func close() -> [UInt64] {
        isClosed = true
        defer { waiters = [] }
        return waiters.map(\.ticket)
    }
}
