import Synchronization

/// How many calls each source had, and what became of them.
public final class HookCounters: Sendable {
    public enum Fate: String, Sendable, CaseIterable {
        case taken, ignored, refused, unavailable
    }

    private let counts = Mutex<[String: [Fate: UInt64]]>([:])

    func count(_ source: String, _ fate: Fate) {
        counts.withLock { $0[source, default: [:]][fate, default: 0] += 1 }
    }

    /// Of the sources that were called, by name.
    public var all: [(source: String, fate: Fate, count: UInt64)] {
        counts.withLock { counts in
            counts.sorted { $0.key < $1.key }.flatMap { source, fates in
                Fate.allCases.map { (source: source, fate: $0, count: fates[$0] ?? 0) }
            }
        }
    }
}
