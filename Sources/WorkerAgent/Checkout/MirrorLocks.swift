import Synchronization

/// One owner a mirror: two builds of a repository take turns, in the order in which they asked.
final class MirrorLocks: Sendable {
    /// The gates of those that wait; a mirror that is here is taken.
    private let queues = Mutex<[String: [Gate]]>([:])

    /// Runs `body` while nobody else holds `mirror`. Throws `CancellationError` when the task is cancelled before its turn.
    func withLock<Result: Sendable>(on mirror: String, _ body: () async throws -> Result) async throws -> Result {
        let turn: Gate? = queues.withLock { queues in
            guard queues[mirror] != nil else {
                queues[mirror] = []
                return nil
            }
            let gate = Gate()
            queues[mirror]?.append(gate)
            return gate
        }
        if let turn {
            await turn.wait()
            guard turn.isOpen else {
                let wasWaiting = queues.withLock { queues in
                    let before = queues[mirror]?.count ?? 0
                    queues[mirror]?.removeAll { $0 === turn }
                    return queues[mirror]?.count ?? 0 < before
                }
                // Its turn came in the same moment: it is handed on.
                if !wasWaiting { passOn(mirror) }
                throw CancellationError()
            }
        }
        defer { passOn(mirror) }
        return try await body()
    }

    private func passOn(_ mirror: String) {
        let next: Gate? = queues.withLock { queues in
            guard var queue = queues[mirror], !queue.isEmpty else {
                queues[mirror] = nil
                return nil
            }
            let next = queue.removeFirst()
            queues[mirror] = queue
            return next
        }
        next?.open()
    }
}
