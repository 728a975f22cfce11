import Synchronization

/// Counts the bytes that all calls together hold before anybody knows who sent them, so that strangers cannot fill the memory.
final class UnprovenBytes: Sendable {
    private let most: Int
    private let held = Mutex(0)

    init(most: Int) { self.most = most }

    /// Whether there is room for so many more; whoever was given it gives it back.
    func take(_ count: Int) -> Bool {
        held.withLock { held in
            guard count <= most - held else { return false }
            held += count
            return true
        }
    }

    func give(_ count: Int) { held.withLock { $0 -= count } }
}
