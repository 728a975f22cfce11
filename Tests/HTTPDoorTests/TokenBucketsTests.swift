import Testing

@testable import HTTPDoor

@Suite struct TokenBucketsTests {
    @Test("Each may ask so often and no more, is told how long to wait, and does not hold up others")
    func flood() {
        let buckets = TokenBuckets(burst: 3, perSecond: 10)
        let start = ContinuousClock.now
        #expect((0..<5).map { _ in buckets.take("a", at: start) } == [nil, nil, nil, .milliseconds(100), .milliseconds(100)])
        #expect(buckets.take("b", at: start) == nil)
        #expect(buckets.take("a", at: start + .milliseconds(100)) == nil)
        #expect(buckets.take("a", at: start + .milliseconds(100)) != nil)
        #expect((0..<5).count { _ in buckets.take("a", at: start + .seconds(60)) == nil } == 3)
    }

    @Test("A crowd takes no more memory than its bound, and those who were held back stay so while there is room")
    func crowd() {
        let buckets = TokenBuckets(burst: 1, perSecond: 1, most: 3)
        let start = ContinuousClock.now
        for name in ["a", "b", "c"] { #expect(buckets.take(name, at: start) == nil) }
        #expect(buckets.take("a", at: start + .milliseconds(500)) != nil)
        // Full buckets are forgotten first.
        #expect(buckets.take("d", at: start + .seconds(5)) == nil)
        #expect(buckets.take("d", at: start + .seconds(5)) != nil)
    }
}
