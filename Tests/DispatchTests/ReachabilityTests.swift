import Domain
import Testing

@testable import BuildDispatch

@Suite struct ReachabilityTests {
    private static let start = Reachability.Moment(wall: Timestamp(seconds: 1_800_000_000), monotonic: .now)

    private static func after(_ wall: Double, _ monotonic: Double) -> Reachability.Moment {
        Reachability.Moment(
            wall: start.wall.advanced(by: .milliseconds(Int64(wall * 1000))),
            monotonic: start.monotonic.advanced(by: .milliseconds(Int64(monotonic * 1000))))
    }

    /// Seconds on the wall and on the monotonic clock since the tick before, and whether that is a gap.
    static let ticks: [(wall: Double, monotonic: Double, isGap: Bool)] = [
        (1, 1, false), (5, 5, false), (5.001, 5.001, true), (600, 600, true), (1, 4, false), (4, 1, false), (4.001, 1, true), (-2.001, 1, true),
        (-2, 1, false), (3600, 1, true), (-3600, 1, true), (0, 0, false),
    ]

    @Test("A tick that comes late, or clocks that disagree, are a gap; leases run for a whole period from then", arguments: ticks)
    func gaps(wall: Double, monotonic: Double, isGap: Bool) {
        var reachability = Reachability(start: Self.start)
        let now = Self.after(wall, monotonic)
        #expect(reachability.tick(now) == isGap)
        #expect(reachability.since == (isGap ? now : Self.start))
        let begins = (isGap ? now : Self.start).monotonic.advanced(by: .seconds(30))
        #expect(reachability.expiryBegins(period: .seconds(30)) == begins)
        #expect(!reachability.mayExpire(at: now, period: .seconds(601)))
    }

    @Test("Clocks that drift apart slowly, as they do, are no gap")
    func slowDrift() {
        var reachability = Reachability(start: Self.start)
        for second in 1...1000 {
            let isGap = reachability.tick(Self.after(Double(second) * 1.01, Double(second)))
            #expect(!isGap)
        }
    }

    @Test("While the store fails nothing is ended, and after it a whole period is given")
    func storeFails() {
        var reachability = Reachability(start: Self.start)
        #expect(reachability.mayExpire(at: Self.after(30, 30), period: .seconds(30)))
        reachability.storeDidFail()
        #expect(!reachability.mayExpire(at: Self.after(3000, 3000), period: .seconds(30)))
        reachability.storeDidAnswer(Self.after(3000, 3000))
        #expect(!reachability.mayExpire(at: Self.after(3029, 3029), period: .seconds(30)))
        #expect(reachability.mayExpire(at: Self.after(3030, 3030), period: .seconds(30)))
        reachability.storeDidAnswer(Self.after(3031, 3031))
        #expect(reachability.since == Self.after(3000, 3000), "an answer without a failure before it is no gap")
    }
}
