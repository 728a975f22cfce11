import GRDB
import Storage

/// The conditions and order of one page of a list, put together from fixed fragments; values are always bound.
struct PageStatement {
    private var conditions: [String] = []
    private(set) var arguments = StatementArguments()
    private let ascending: Bool
    private let limit: Int

    /// The most rows of one page.
    static let longestPage = 1000

    init(ascending: Bool, limit: Int) {
        self.ascending = ascending
        self.limit = min(max(0, limit), Self.longestPage)
    }

    /// Adds a condition with one `?`, when there is a value for it.
    mutating func add(_ condition: StaticString, _ value: (some DatabaseValueConvertible)?) {
        guard let value else { return }
        conditions.append("\(condition)")
        arguments += [value]
    }

    /// Adds a condition without a value.
    mutating func add(_ condition: StaticString) {
        conditions.append("\(condition)")
    }

    /// Only rows of that time, found by their ids.
    mutating func add(_ times: TimeRange, of table: TimedTable, _ db: Database) throws {
        func first(_ time: Int64) throws -> Int64? {
            try Int64.fetchOne(db.cachedStatement(sql: table.search(argument: "?1")), arguments: [time])
        }
        if let since = times.since {
            conditions.append("\(table.alias).\(table.column) >= ? AND \(table.alias).id >= ?")
            arguments += [since.microseconds, try first(TimedTable.early(since).microseconds)]
        }
        if let until = times.until {
            conditions.append("\(table.alias).\(table.column) < ? AND \(table.alias).id < ?")
            arguments += [until.microseconds, try first(TimedTable.late(until).microseconds)]
        }
    }

    /// Keyset paging: only rows behind the last one of the page before.
    mutating func addAfter(_ id: Int64?, ascending: StaticString, descending: StaticString) {
        add(self.ascending ? ascending : descending, id)
    }

    /// `keys` are the columns that order the list, each of them growing with the age of the rows.
    func rows(_ db: Database, _ selection: String, orderedBy keys: [StaticString]) throws -> [Row] {
        let order = keys.map { "\($0) \(ascending ? "ASC" : "DESC")" }.joined(separator: ", ")
        let filter = conditions.isEmpty ? "" : " WHERE " + conditions.joined(separator: " AND ")
        return try Row.fetchAll(
            db.cachedStatement(sql: "\(selection)\(filter) ORDER BY \(order) LIMIT ?"), arguments: arguments + [limit])
    }
}
