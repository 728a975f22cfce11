import Foundation
import Synchronization
import TestSupport

@testable import StoragePostgres

/// A transaction that holds a connection of a pool until it is told to end.
final class Held: Sendable {
    private let pool: PostgresPool
    private let end = Gate(2)
    private let running = Mutex<Task<Void, any Error>?>(nil)

    init(_ pool: PostgresPool) {
        self.pool = pool
    }

    var task: Task<Void, any Error>? { running.withLock { $0 } }

    /// Returns when the connection is held; throws when there is none to hold.
    func begin(writing sql: String = "SELECT 1") async throws {
        let isHeld = Flag()
        let hasEnded = Flag()
        let task = Task { [pool, end] in
            defer {
                hasEnded.raise()
                isHeld.raise()
            }
            try await pool.transaction("holding a connection") { tx in
                try tx.run(sql)
                isHeld.raise()
                end.meet()
            }
        }
        running.withLock { $0 = task }
        await isHeld.wait()
        if hasEnded.isRaised { try await task.value }
    }

    /// Lets it commit, and waits for that.
    func end() async throws {
        // On a thread of its own: meeting blocks.
        Thread.detachNewThread { [end] in end.meet() }
        try await task?.value
    }
}

/// Where a number of threads wait until all of them are there; later ones pass.
final class Gate: Sendable {
    // Safe to share: NSCondition is made for that, and `missing` is only touched while it is locked.
    private nonisolated(unsafe) var missing: Int
    private let condition = NSCondition()

    init(_ count: Int) {
        missing = count
    }

    func meet() {
        condition.withLock {
            missing -= 1
            if missing <= 0 { condition.broadcast() }
            while missing > 0 { condition.wait() }
        }
    }
}
