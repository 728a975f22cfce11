import Dispatch
import Foundation
import Synchronization

/// Turns the signals of the process into what an operator means by them: the first TERM or INT drains, a second one stops at once, HUP reads the
/// configuration again. One of these lives as long as the process: a second one would take the signals from the first.
public final class SignalWatch: Sendable {
    public enum Meaning: Sendable {
        case drain, stopNow, reload
    }

    private struct State {
        var stops = 0
        /// What was meant while nobody listened.
        var unheard: [Meaning] = []
        var listener: AsyncStream<Meaning>.Continuation?
        var listenerNumber = 0
    }

    private let state: SharedState
    // Made once, then only kept alive; a dispatch source may be released from any thread.
    private nonisolated(unsafe) let sources: [any DispatchSourceSignal]

    public init() {
        let state = SharedState()
        self.state = state
        let queue = DispatchQueue(label: "doorbell.signals")
        sources = [SIGTERM, SIGINT, SIGHUP].map { number in
            // The default action would end the process before the source is asked.
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler { state.hear(number) }
            source.resume()
            return source
        }
    }

    /// What was meant, in order, beginning with what nobody heard yet. One listener at a time: the parts of a process that listen follow each other.
    public func meanings() -> AsyncStream<Meaning> { state.listen() }

    private final class SharedState: Sendable {
        private let state = Mutex(State())

        func hear(_ number: Int32) {
            state.withLock { state in
                let meaning: Meaning
                if number == SIGHUP {
                    meaning = .reload
                } else {
                    state.stops += 1
                    meaning = state.stops == 1 ? .drain : .stopNow
                }
                if let listener = state.listener { listener.yield(meaning) } else { state.unheard.append(meaning) }
            }
        }

        func listen() -> AsyncStream<Meaning> {
            let (stream, continuation) = AsyncStream.makeStream(of: Meaning.self)
            // What is replaced is let go outside of the lock: its end calls `leave`.
            let (number, replaced) = state.withLock { state in
                for meaning in state.unheard { continuation.yield(meaning) }
                state.unheard = []
                let replaced = state.listener
                state.listener = continuation
                state.listenerNumber += 1
                return (state.listenerNumber, replaced)
            }
            replaced?.finish()
            continuation.onTermination = { [weak self] _ in self?.leave(number) }
            return stream
        }

        private func leave(_ number: Int) {
            // Let go outside of the lock, too.
            _ = state.withLock { state -> AsyncStream<Meaning>.Continuation? in
                guard state.listenerNumber == number else { return nil }
                defer { state.listener = nil }
                return state.listener
            }
        }
    }
}
