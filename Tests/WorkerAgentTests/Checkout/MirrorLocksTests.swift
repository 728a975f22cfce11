import Synchronization
import Testing

@testable import WorkerAgent

@Suite struct MirrorLocksTests {
    final class Counter: Sendable {
        private let state = Mutex((inside: 0, most: 0))
        var most: Int { state.withLock { $0.most } }
        func enter() {
            state.withLock { state in
                state.inside += 1
                state.most = max(state.most, state.inside)
            }
        }
        func leave() { state.withLock { $0.inside -= 1 } }
    }

    @Test("A mirror has one owner at a time")
    func exclusive() async throws {
        let locks = MirrorLocks()
        let counter = Counter()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<20 {
                group.addTask {
                    try await locks.withLock(on: "m") {
                        counter.enter()
                        await Task.yield()
                        counter.leave()
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(counter.most == 1)
    }

    @Test("Who is cancelled while waiting leaves the queue, and the next is let in")
    func cancelled() async throws {
        let locks = MirrorLocks()
        let (inside, leave) = (Gate(), Gate())
        let owner = Task {
            try await locks.withLock(on: "m") {
                inside.open()
                await leave.wait()
            }
        }
        await inside.wait()
        let waiting = Task { try await locks.withLock(on: "m") {} }
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
        leave.open()
        try await owner.value
        try await locks.withLock(on: "m") {}
    }
}
