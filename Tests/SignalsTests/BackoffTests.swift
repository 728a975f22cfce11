import Signals
import Testing

@Suite struct BackoffTests {
    private let backoff = Backoff(first: .milliseconds(100), longest: .seconds(30))

    @Test(
        "The wait doubles with each failure up to its bound",
        arguments: [(0, 0), (1, 100), (2, 200), (3, 400), (9, 25_600), (10, 30_000), (1000, 30_000), (Int.max, 30_000)])
    func doubles(failures: Int, milliseconds: Int) {
        #expect(backoff.delay(failures: failures, random: 1) == .milliseconds(milliseconds))
    }

    @Test("Jitter spreads a wait over its upper half", arguments: [(0.0, 200), (0.5, 300), (1.0, 400), (-3.0, 200), (7.0, 400)])
    func jitter(random: Double, milliseconds: Int) {
        #expect(backoff.delay(failures: 3, random: random) == .milliseconds(milliseconds))
    }

    @Test("A first wait beyond the bound is cut")
    func bound() {
        #expect(Backoff(first: .seconds(60), longest: .seconds(1)).delay(failures: 1, random: 1) == .seconds(1))
    }
}
