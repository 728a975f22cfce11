import Synchronization

/// Counts what the passes of a dispatcher do.
final class DispatchCounters: Sendable {
    private let claims = Atomic(0)
    private let losses = Atomic(0)

    var claimed: Int { claims.load(ordering: .relaxed) }
    var lost: Int { losses.load(ordering: .relaxed) }

    func countClaims(_ count: Int) { claims.add(count, ordering: .relaxed) }
    func countLosses(_ count: Int) { losses.add(count, ordering: .relaxed) }
}
