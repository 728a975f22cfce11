import Synchronization

/// How much each of many may ask for: so many at once, and so many a second after that.
public final class TokenBuckets: Sendable {
    private struct Bucket {
        var tokens: Double
        var filled: ContinuousClock.Instant
    }

    private let burst: Double
    private let perSecond: Double
    private let most: Int
    private let buckets = Mutex<[String: Bucket]>([:])

    /// - Parameter most: how many are kept apart. Beyond, those that asked for nothing lately are forgotten, and if there are none, everybody: a
    ///   crowd that large is not held back by what each of them may do.
    public init(burst: Int, perSecond: Int, most: Int = 10_000) {
        self.burst = Double(burst)
        self.perSecond = Double(perSecond)
        self.most = most
    }

    /// Takes one; nil when that is allowed, else how long to wait for it.
    public func take(_ name: String, at now: ContinuousClock.Instant = .now) -> Duration? {
        buckets.withLock { buckets in
            if buckets[name] == nil, buckets.count >= most {
                buckets = buckets.filter { level(of: $0.value, at: now) < burst }
                if buckets.count >= most { buckets.removeAll() }
            }
            var bucket = buckets[name] ?? Bucket(tokens: burst, filled: now)
            bucket.tokens = level(of: bucket, at: now)
            bucket.filled = now
            defer { buckets[name] = bucket }
            guard bucket.tokens >= 1 else { return .seconds((1 - bucket.tokens) / perSecond) }
            bucket.tokens -= 1
            return nil
        }
    }

    private func level(of bucket: Bucket, at now: ContinuousClock.Instant) -> Double {
        let passed = bucket.filled.duration(to: now).components
        return min(burst, bucket.tokens + (Double(passed.seconds) + Double(passed.attoseconds) / 1e18) * perSecond)
    }
}
