import Domain

/// When what is listed was made: at `since` or later, and before `until`.
public struct TimeRange: Hashable, Sendable {
    public var since: Timestamp?
    public var until: Timestamp?

    public init(since: Timestamp? = nil, until: Timestamp? = nil) {
        self.since = since
        self.until = until
    }
}

/// A table whose ids grow with the time of their rows, so that a time is found among them without an index of times.
package struct TimedTable: Sendable {
    package var name: StaticString
    /// As lists call it.
    package var alias: StaticString
    /// When a row was made, in microseconds.
    package var column: StaticString

    package static let changes = TimedTable(name: "changes", alias: "c", column: "accepted")
    package static let buildsets = TimedTable(name: "buildsets", alias: "b", column: "created")
    package static let requests = TimedTable(name: "requests", alias: "r", column: "created")
    package static let builds = TimedTable(name: "builds", alias: "b", column: "assigned")
    package static let tokens = TimedTable(name: "tokens", alias: "tokens", column: "created")
    package static let audit = TimedTable(name: "audit", alias: "audit", column: "at")

    /// How much older than the row before it a row may be: ids are given and times are read at the beginning of transactions, which end in any order.
    private static let slack: Duration = .seconds(600)

    package static func early(_ time: Timestamp) -> Timestamp { time.advanced(by: .zero - slack) }
    package static func late(_ time: Timestamp) -> Timestamp { time.advanced(by: slack) }

    /// The statement that finds the first id of which neither the row nor any later one is older than a time, by halving the ids: one look-up by the primary
    /// key for each half. The time is its one argument, which stands twice in it.
    package func search(argument: StaticString) -> String {
        let half = "(SELECT \(column) FROM \(name) WHERE id >= (low + high) / 2 ORDER BY id LIMIT 1) < \(argument)"
        return """
            WITH RECURSIVE search(low, high) AS (
                SELECT CAST(1 AS bigint), CAST(coalesce(max(id), 0) + 1 AS bigint) FROM \(name)
                UNION ALL
                SELECT CASE WHEN \(half) THEN (low + high) / 2 + 1 ELSE low END, CASE WHEN \(half) THEN high ELSE (low + high) / 2 END
                FROM search WHERE low < high
            ) SELECT max(low) FROM search
            """
    }
}
