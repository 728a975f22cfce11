import Domain
import Storage

/// How long ago that happened which a queue has waiting: of the events that go to it, the newest ones are what it holds.
struct ConsumerLag {
    /// Of one consumer.
    enum Age: Hashable {
        case known(Duration)
        /// As far as was looked back, or as events are kept.
        case beyond(Duration)
    }

    private let consumers: [(patterns: [TopicPattern], waiting: Int)]
    /// Looked back in steps: most consumers are seconds behind.
    private static let steps: [Duration] = [.seconds(60), .seconds(600), .seconds(7200), .seconds(86_400), .seconds(7 * 86_400)]
    private static let batch = 1000
    /// How many events are looked at: more would keep a person waiting.
    private let most: Int

    init(_ consumers: [(keys: [String], waiting: Int)], most: Int = 200_000) {
        self.consumers = consumers.map { (patterns: $0.keys.compactMap(TopicPattern.init), waiting: $0.waiting) }
        self.most = most
    }

    /// - Returns: for each consumer; nil for those that wait for nothing.
    func ages(_ store: any RelayStore, now: Timestamp) async throws -> [Age?] {
        var ages: [Age?] = consumers.map { $0.waiting > 0 ? .beyond(.zero) : nil }
        guard ages.contains(where: { $0 != nil }) else { return ages }
        let newest = try await store.latestCursor()
        for step in Self.steps {
            let matched = try await matched(store, from: now.advanced(by: .zero - step), to: newest)
            // What was cut off is the newest: nothing can be told by the rest.
            if matched.isCut { break }
            for (place, times) in matched.times.enumerated() {
                guard case .beyond = ages[place] else { continue }
                let waiting = consumers[place].waiting
                ages[place] = times.count >= waiting ? .known(max(.zero, now.since(times[times.count - waiting]))) : .beyond(step)
            }
            if ages.allSatisfy({ if case .beyond = $0 { false } else { true } }) { break }
        }
        return ages
    }

    /// When the events happened that go to each consumer, the oldest first.
    private func matched(_ store: any RelayStore, from time: Timestamp, to newest: EventCursor) async throws -> (times: [[Timestamp]], isCut: Bool) {
        var times = Array(repeating: [Timestamp](), count: consumers.count)
        var (cursor, count) = (try await store.cursor(at: time, shard: newest.shard), 0)
        while cursor < newest {
            let events = try await store.events(after: cursor, limit: Self.batch)
            guard let last = events.last else { break }
            for event in events where event.cursor <= newest {
                for (place, consumer) in consumers.enumerated() where consumer.patterns.contains(where: { $0.matches(event.routingKey) }) {
                    times[place].append(event.occurred)
                }
            }
            cursor = last.cursor
            count += events.count
            if count >= most { return (times, true) }
        }
        return (times, false)
    }
}
