import Synchronization

/// Counts the bytes that all calls together hold before anybody knows who sent them, so that strangers cannot fill the memory. A source may hold as much as is
/// left free: whoever floods some sources leaves room for every other.
final class UnprovenBytes: Sendable {
    private struct State {
        var held = 0
        var bySource: [String: Int] = [:]
    }

    private let most: Int
    private let state = Mutex(State())

    init(most: Int) { self.most = most }

    /// Whether there is room for so many more of this source; whoever was given it gives it back.
    func take(_ count: Int, of source: String) -> Bool {
        state.withLock { state in
            let own = state.bySource[source, default: 0]
            guard own + count <= most - state.held - count else { return false }
            state.held += count
            state.bySource[source] = own + count
            return true
        }
    }

    func give(_ count: Int, of source: String) {
        state.withLock { state in
            state.held -= count
            let rest = state.bySource[source, default: 0] - count
            state.bySource[source] = rest > 0 ? rest : nil
        }
    }
}
