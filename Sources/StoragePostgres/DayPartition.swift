import Domain

/// The part of a table that holds one day, which is dropped as a whole.
struct DayPartition: Hashable, Sendable {
    /// The tables that are partitioned by days.
    enum Table: String, CaseIterable, Sendable {
        case outbox, ticks
        case logChunks = "log_chunks"

        /// The time that decides in which part a row lies.
        var column: String {
            switch self {
            case .outbox: "occurred"
            case .ticks, .logChunks: "made"
            }
        }
    }

    var table: Table
    /// Days since 1970-01-01 in UTC.
    var day: Int64

    private static let length: Int64 = 86_400_000_000

    init(table: Table, day: Int64) {
        self.table = table
        self.day = day
    }

    init(_ table: Table, at time: Timestamp) {
        self.init(table: table, day: time.microseconds / Self.length)
    }

    /// Nil for names that are not of this form, such as the default partition's.
    init?(_ table: Table, name: String) {
        let prefix = "\(table.rawValue)_d"
        guard name.hasPrefix(prefix), let day = Int64(name.dropFirst(prefix.count)), day >= 0 else { return nil }
        self.init(table: table, day: day)
    }

    var name: String { "\(table.rawValue)_d\(day)" }
    var start: Timestamp { Timestamp(microseconds: day * Self.length) }
    /// The first moment that it does not hold.
    var end: Timestamp { Timestamp(microseconds: (day + 1) * Self.length) }
}
