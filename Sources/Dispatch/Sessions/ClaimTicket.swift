import Domain
import Synchronization

/// One worker's wait for work: decided once, by whoever is first; later decisions are refused.
final class ClaimTicket: Sendable {
    private enum State {
        case open
        case awaited(CheckedContinuation<ClaimOutcome, Never>)
        case decided(ClaimOutcome)
    }

    let session: SessionID
    private let state = Mutex(State.open)

    init(session: SessionID) {
        self.session = session
    }

    /// True when this call decided it, so that its outcome will be told to the worker.
    @discardableResult
    func decide(_ outcome: ClaimOutcome) -> Bool {
        let (won, continuation): (Bool, CheckedContinuation<ClaimOutcome, Never>?) = state.withLock { state in
            switch state {
            case .open:
                state = .decided(outcome)
                return (true, nil)
            case .awaited(let continuation):
                state = .decided(outcome)
                return (true, continuation)
            case .decided:
                return (false, nil)
            }
        }
        continuation?.resume(returning: outcome)
        return won
    }

    var isOpen: Bool {
        state.withLock { state in
            if case .decided = state { return false }
            return true
        }
    }

    /// Waits for the decision. To be called once.
    func outcome() async -> ClaimOutcome {
        await withCheckedContinuation { continuation in
            let decided: ClaimOutcome? = state.withLock { state in
                if case .decided(let outcome) = state { return outcome }
                state = .awaited(continuation)
                return nil
            }
            if let decided { continuation.resume(returning: decided) }
        }
    }
}
