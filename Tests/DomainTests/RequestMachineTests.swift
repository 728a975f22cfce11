import Domain
import Testing

@Suite struct RequestMachineTests {
    private func machine(attempts: Int = 1, allowed: Int = 3, workers: Set<String> = ["a"], cancelled: Bool = false) -> RequestMachine {
        RequestMachine(attempts: attempts, attemptsAllowed: allowed, workersLost: workers, cancelled: cancelled)
    }

    @Test("Whatever a build ends as by itself is what the request ends as, and is never tried again", arguments: Outcome.allCases, Cause.allCases)
    func ownEnd(outcome: Outcome, cause: Cause) {
        let isOurs = outcome == .exception && [.lost, .notAccepted, .drained].contains(cause)
        for cancelled in [false, true] {
            let decision = machine(cancelled: cancelled).decide(outcome: outcome, cause: cause)
            if isOurs {
                #expect(decision == (cancelled ? .finish(.cancelled, .cancelled) : .retry))
            } else {
                #expect(decision == .finish(outcome, cause))
            }
        }
    }

    @Test("A lost worker is never a failure: the request is tried again as often as it may, then ends as exception")
    func attempts() {
        #expect(machine(attempts: 1).decide(outcome: .exception, cause: .lost) == .retry)
        #expect(machine(attempts: 2).decide(outcome: .exception, cause: .lost) == .retry)
        #expect(machine(attempts: 3).decide(outcome: .exception, cause: .lost) == .finish(.exception, .lost))
        #expect(machine(attempts: 1, allowed: 1).decide(outcome: .exception, cause: .notAccepted) == .finish(.exception, .notAccepted))
    }

    @Test("A request that takes down several workers stops being tried and says so, however many attempts are left")
    func workersLost() {
        let two = machine(attempts: 2, allowed: 10, workers: ["a", "b"])
        #expect(two.decide(outcome: .exception, cause: .lost) == .retry)
        let three = machine(attempts: 3, allowed: 10, workers: ["a", "b", "c"])
        #expect(three.decide(outcome: .exception, cause: .lost) == .finish(.exception, .workersLost))
        let last = machine(attempts: 3, allowed: 3, workers: ["a", "b"])
        #expect(last.decide(outcome: .exception, cause: .lost) == .finish(.exception, .workersLost))
    }

    @Test("Work that is given back in good order costs no attempt")
    func drained() {
        #expect(!RequestMachine.countsAsAttempt(.drained))
        #expect(RequestMachine.countsAsAttempt(.lost))
        #expect(RequestMachine.countsAsAttempt(nil))
        #expect(machine(attempts: 0, allowed: 1, workers: []).decide(outcome: .exception, cause: .drained) == .retry)
    }
}
