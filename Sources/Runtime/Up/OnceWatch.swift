import Domain

/// What `doorbell up --once` waits for: the first buildset to end, or the ones that it forced. Pure: events in, an outcome out.
public struct OnceWatch: Sendable {
    /// Forced buildsets that have to end; empty while the first one that comes is waited for.
    private var forced: Set<Int64> = []
    private var outcome: Outcome?
    public private(set) var sawBuildset = false

    public init() {}

    /// Waits for these buildsets instead of the first one that ends.
    public mutating func wait(for buildsets: [BuildsetID]) {
        forced.formUnion(buildsets.map(\.rawValue))
        sawBuildset = true
    }

    public mutating func created() {
        sawBuildset = true
    }

    /// The outcome to end with, once everything that is waited for has ended.
    public mutating func finished(_ buildset: Int64, outcome ended: Outcome) -> Outcome? {
        if forced.isEmpty { return ended }
        guard forced.remove(buildset) != nil else { return nil }
        let whole = outcome?.combined(with: ended) ?? ended
        outcome = whole
        return forced.isEmpty ? whole : nil
    }

    /// The exit status for an outcome: 0 good, 1 failure, 2 exception, 3 cancelled.
    public static func exitStatus(for outcome: Outcome) -> Int32 {
        switch outcome {
        case .success, .warnings, .skipped: 0
        case .failure: 1
        case .exception: 2
        case .cancelled: 3
        }
    }
}
