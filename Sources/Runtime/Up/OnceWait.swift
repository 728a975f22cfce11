import Domain
import Foundation
import Storage
import Synchronization

/// Lets `--once` await the outcome that `OnceWatch` finds in the events.
final class OnceWait: Sendable {
    private struct State {
        var watch = OnceWatch()
        /// Buildsets that ended before anybody said that they are waited for.
        var ended: [Int64: Outcome] = [:]
        var outcome: Outcome?
        var waiter: CheckedContinuation<Outcome?, Never>?
    }

    private let state = Mutex(State())

    var sawBuildset: Bool { state.withLock { $0.watch.sawBuildset } }

    func saw(_ record: EventRecord) {
        guard record.kind == .buildsetCreated || record.kind == .buildsetFinished else { return }
        let fact = try? JSONDecoder().decode(BuildsetFact.self, from: Data(record.data.utf8))
        settle { state in
            if record.kind == .buildsetCreated {
                state.watch.created()
            } else if let outcome = fact?.outcome {
                state.ended[record.entityID] = outcome
                state.outcome = state.outcome ?? state.watch.finished(record.entityID, outcome: outcome)
            }
        }
    }

    /// Waits for these buildsets instead of the first one that ends.
    func wait(for buildsets: [BuildsetID]) {
        settle { state in
            state.outcome = nil
            state.watch.wait(for: buildsets)
            for (buildset, outcome) in state.ended { state.outcome = state.outcome ?? state.watch.finished(buildset, outcome: outcome) }
        }
    }

    /// The outcome to end with; nil when the wait was given up.
    func outcome() async -> Outcome? {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let known: Outcome?? = state.withLock { state in
                    if Task.isCancelled { return .some(nil) }
                    if let outcome = state.outcome { return outcome }
                    state.waiter = continuation
                    return .none
                }
                if let known { continuation.resume(returning: known) }
            }
        } onCancel: {
            let waiter = state.withLock { state in
                defer { state.waiter = nil }
                return state.waiter
            }
            waiter?.resume(returning: nil)
        }
    }

    private func settle(_ change: (inout State) -> Void) {
        let (waiter, outcome): (CheckedContinuation<Outcome?, Never>?, Outcome?) = state.withLock { state in
            change(&state)
            guard let outcome = state.outcome, let waiter = state.waiter else { return (nil, nil) }
            state.waiter = nil
            return (waiter, outcome)
        }
        waiter?.resume(returning: outcome)
    }
}
