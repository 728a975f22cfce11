import Domain
import Testing

@Suite struct LeaseRuleTests {
    private let rule = LeaseRule()
    private func moment(_ seconds: Int) -> Timestamp { Timestamp(microseconds: Int64(seconds) * 1_000_000) }

    @Test(
        "A lease ends one full period after it could have been renewed, and an outage of ours extends it up to `survive`",
        arguments: [
            // Always reachable: one period.
            (1000, 0, 1030),
            // Reachable again 100 s after the renewal: a full period from then on.
            (1000, 1100, 1130),
            // Reachable again since just before the renewal changes nothing.
            (1000, 999, 1030),
            // An outage longer than we survive.
            (1000, 5000, 1630), (1000, 1600, 1630), (1000, 1601, 1630),
        ])
    func end(renewed: Int, reachableSince: Int, ends: Int) {
        #expect(rule.end(renewed: moment(renewed), reachableSince: moment(reachableSince)) == moment(ends))
    }

    @Test("The bound for a query says the same as the rule for one lease, at every moment")
    func inverse() {
        let rule = LeaseRule(period: .seconds(3), survive: .seconds(7))
        for now in 0...40 {
            for reachableSince in 0...now {
                let bound = rule.expiredBefore(now: moment(now), reachableSince: moment(reachableSince))
                for renewed in 0...now {
                    let isOver = rule.end(renewed: moment(renewed), reachableSince: moment(reachableSince)) <= moment(now)
                    if (moment(renewed) <= bound) != isOver {
                        Issue.record("renewed at \(renewed), reachable since \(reachableSince): over at \(now) is \(isOver)")
                    }
                }
            }
        }
    }
}
