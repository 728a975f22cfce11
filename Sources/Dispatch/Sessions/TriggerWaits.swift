import Domain
import Storage
import Synchronization

/// The workers that wait here for what their steps triggered.
final class TriggerWaits: Sendable {
    /// One call that waits.
    struct Ticket: Sendable {
        let number: UInt64
        let news: AsyncStream<[TriggeredBuildset]>
        fileprivate let tell: AsyncStream<[TriggeredBuildset]>.Continuation

        /// Ends the wait without news.
        func leave() { tell.finish() }
    }

    private struct State {
        var waiting: [UInt64: (call: StepCall, ticket: Ticket)] = [:]
        var next: UInt64 = 1
        var isStopped = false
    }

    private let state = Mutex(State())

    /// Begins a wait; whoever asks the store after this misses nothing.
    func enter(_ call: StepCall) -> Ticket {
        let (news, tell) = AsyncStream.makeStream(of: [TriggeredBuildset].self, bufferingPolicy: .bufferingNewest(1))
        return state.withLock { state in
            let ticket = Ticket(number: state.next, news: news, tell: tell)
            state.next += 1
            if state.isStopped { tell.finish() } else { state.waiting[ticket.number] = (call, ticket) }
            return ticket
        }
    }

    func leave(_ ticket: Ticket) {
        ticket.leave()
        state.withLock { _ = $0.waiting.removeValue(forKey: ticket.number) }
    }

    /// The builds whose steps wait.
    var builds: [BuildID] { state.withLock { Set($0.waiting.values.map(\.call.build)).sorted() } }

    /// Tells those whose buildsets have all ended.
    func tell(_ found: [TriggeredBuildset]) {
        let steps = Dictionary(grouping: found) { Step(build: $0.build, step: $0.step, attempt: $0.attempt) }
        for (call, ticket) in state.withLock({ Array($0.waiting.values) }) {
            guard let own = steps[Step(build: call.build, step: call.step, attempt: call.attempt)], own.end != nil else { continue }
            ticket.tell.yield(own)
            ticket.tell.finish()
        }
    }

    /// Nobody waits any more: the dispatcher stops.
    func stop() {
        let tickets = state.withLock { state in
            state.isStopped = true
            return state.waiting.values.map(\.ticket)
        }
        for ticket in tickets { ticket.leave() }
    }

    private struct Step: Hashable {
        var build: BuildID
        var step: Int
        var attempt: Int
    }
}
