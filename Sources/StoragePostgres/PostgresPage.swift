import Domain
import Storage

/// The conditions and order of one page of a list, put together from fixed fragments; values are always bound.
struct PostgresPage {
    private var conditions: [String] = []
    private var arguments: [PostgresValue] = []
    private let ascending: Bool
    private let limit: Int

    /// The most rows of one page.
    private static let longestPage = 1000

    init(ascending: Bool, limit: Int) {
        self.ascending = ascending
        self.limit = min(max(0, limit), Self.longestPage)
    }

    /// Adds a condition in which `?` stands for the value, when there is one.
    mutating func add(_ condition: StaticString, _ value: PostgresValue) {
        if case .null = value { return }
        arguments.append(value)
        conditions.append("\(condition)".replacing("?", with: "$\(arguments.count)"))
    }

    /// Adds a condition without a value.
    mutating func add(_ condition: StaticString) {
        conditions.append("\(condition)")
    }

    /// Only rows of that time, found by their ids.
    mutating func add(_ times: TimeRange, of table: TimedTable, _ sql: PostgresTransaction) throws {
        func first(_ time: Timestamp) throws -> PostgresValue {
            .integer(try sql.first(table.search(argument: "$1"), [.integer(time.microseconds)])?.int64(0))
        }
        if let since = times.since {
            arguments += [.integer(since.microseconds), try first(TimedTable.early(since))]
            conditions.append(
                "\(table.alias).\(table.column) >= $\(arguments.count - 1) AND \(table.alias).id >= $\(arguments.count)")
        }
        if let until = times.until {
            arguments += [.integer(until.microseconds), try first(TimedTable.late(until))]
            conditions.append(
                "\(table.alias).\(table.column) < $\(arguments.count - 1) AND \(table.alias).id < $\(arguments.count)")
        }
    }

    /// Keyset paging: only rows behind the last one of the page before.
    mutating func addAfter(_ id: Int64?, ascending: StaticString, descending: StaticString) {
        add(self.ascending ? ascending : descending, .integer(id))
    }

    /// `key` orders the list.
    func rows(_ sql: PostgresTransaction, _ selection: String, orderedBy keys: [StaticString]) throws -> [PostgresRow] {
        let order = keys.map { "\($0) \(ascending ? "ASC" : "DESC")" }.joined(separator: ", ")
        let filter = conditions.isEmpty ? "" : " WHERE " + conditions.joined(separator: " AND ")
        return try sql.all("\(selection)\(filter) ORDER BY \(order) LIMIT \(limit)", arguments)
    }
}
