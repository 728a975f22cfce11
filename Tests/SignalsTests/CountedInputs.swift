import Synchronization

/// Remembers what was processed, and what twice.
final class CountedInputs: Sendable {
    private let state = Mutex((seen: Set<Int>(), repeated: 0))

    var seen: Set<Int> { state.withLock { $0.seen } }
    var repeated: Int { state.withLock { $0.repeated } }

    func note(_ input: Int) -> Int {
        state.withLock { state in
            if !state.seen.insert(input).inserted { state.repeated += 1 }
        }
        return input
    }
}
