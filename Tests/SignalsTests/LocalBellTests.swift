import BellConformance
import Signals
import Testing

@Suite(.timeLimit(.minutes(2))) struct LocalBellTests {
    @Test("The bell of one process keeps every rule", arguments: BellRule.all)
    func conformance(rule: BellRule) async throws {
        let bell = LocalBell()
        try await rule.check(BellEnds(ringing: bell, hearing: bell))
    }
}
