import Signals

/// Keeps log notices rare: two a second for each log, with what came in between merged. Pure and bounded.
struct NoticeCoalescer {
    private struct Key: Hashable {
        var build: Int64
        var log: String?
    }

    private var lastSent: [Key: ContinuousClock.Instant] = [:]
    private var waiting: [Key: LogNotice] = [:]

    static let gap = Duration.milliseconds(500)
    /// Logs that have news at once; beyond it notices are dropped, and followers find the news at their next look.
    static let capacity = 10_000

    var isEmpty: Bool { waiting.isEmpty }

    /// Returns whether this notice was not merged with one that waits already.
    mutating func add(_ notice: LogNotice) -> Bool {
        let key = Key(build: notice.build, log: notice.log)
        if let earlier = waiting[key] {
            waiting[key] = earlier.merged(with: notice)
            return false
        }
        guard waiting.count < Self.capacity else { return false }
        waiting[key] = notice
        return true
    }

    /// The notices that may go out now, no more than the limit. The end of a build goes last, and never waits.
    mutating func take(at now: ContinuousClock.Instant, limit: Int) -> [LogNotice] {
        if lastSent.count > Self.capacity { lastSent = lastSent.filter { $0.value + Self.gap > now } }
        let due = waiting.keys.filter { key in key.log == nil || lastSent[key].map { $0 + Self.gap <= now } ?? true }
        let taken = due.sorted { ($0.log == nil ? 1 : 0) < ($1.log == nil ? 1 : 0) }.prefix(limit)
        return taken.compactMap { key in
            if key.log != nil { lastSent[key] = now }
            return waiting.removeValue(forKey: key)
        }
    }

    /// When the next waiting notice may go out; nil when none waits.
    func nextDue(at now: ContinuousClock.Instant) -> ContinuousClock.Instant? {
        waiting.keys.map { key in key.log == nil ? now : lastSent[key].map { $0 + Self.gap } ?? now }.min()
    }
}
