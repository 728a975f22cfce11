import Domain
import Storage

/// One transaction: runs statements on a connection's thread. Lives only inside `PostgresPool.transaction` and `read`.
final class PostgresTransaction {
    private let connection: PostgresConnection
    /// Statements that wait for the next round trip: `BEGIN` rides with the first statement.
    private var deferred: [PostgresConnection.Statement]
    private var afterCommit: [() -> Void] = []
    /// The transaction's number, by which its fate can be asked for when the answer to COMMIT is lost.
    private(set) var number: String?
    private var moment: Timestamp?
    private let isNumbered: Bool
    private var hasBegun = false

    init(_ connection: PostgresConnection, beginning: [PostgresConnection.Statement], isNumbered: Bool) {
        self.connection = connection
        self.isNumbered = isNumbered
        deferred = beginning
        if isNumbered { deferred.append(.init(Self.numbering)) }
    }

    private static let numbering = "SELECT pg_current_xact_id(), \(PostgresStore.clock)"

    /// The database's time when the transaction began; begins it when nothing was asked yet.
    var began: Timestamp {
        get throws {
            if moment == nil { _ = try exchange([]) }
            return moment ?? Timestamp(microseconds: 0)
        }
    }

    /// Runs a statement; returns how many rows it changed.
    @discardableResult
    func run(_ sql: String, _ arguments: [PostgresValue] = []) throws -> Int {
        try exchange([(sql, arguments)])[0].count
    }

    func first(_ sql: String, _ arguments: [PostgresValue] = []) throws -> PostgresRow? {
        try exchange([(sql, arguments)])[0].rows.first
    }

    func all(_ sql: String, _ arguments: [PostgresValue] = []) throws -> [PostgresRow] {
        try exchange([(sql, arguments)])[0].rows
    }

    /// Several statements in one round trip; the rows of each.
    func pipeline(_ statements: [(String, [PostgresValue])]) throws -> [[PostgresRow]] {
        try exchange(statements).map(\.rows)
    }

    /// Runs with the next round trip, at the latest before the commit; for statements whose rows nobody needs.
    func later(_ sql: String, _ arguments: [PostgresValue] = []) {
        deferred.append(.init(sql, arguments))
    }

    /// Runs once the transaction is durable, on the connection's thread: keep it short.
    func whenCommitted(_ action: @escaping () -> Void) {
        afterCommit.append(action)
    }

    /// Sends what still waits, and then COMMIT. A transaction that asked nothing has nothing to commit.
    func commit() throws(PostgresError) {
        guard hasBegun || deferred.contains(where: { !$0.isOpening }) else { return }
        let batch = deferred
        deferred = []
        if !batch.isEmpty { take(try connection.run(batch), of: batch) }
        _ = try connection.run([.init("COMMIT")])
    }

    func didCommit() {
        for action in afterCommit { action() }
    }

    private func exchange(_ statements: [(String, [PostgresValue])]) throws -> [PostgresConnection.Result] {
        let batch = deferred + statements.map { .init($0.0, $0.1) }
        let before = deferred.count
        deferred = []
        let results = try connection.run(batch)
        take(results, of: batch)
        hasBegun = true
        return Array(results.dropFirst(before))
    }

    private func take(_ results: [PostgresConnection.Result], of batch: [PostgresConnection.Statement]) {
        guard isNumbered, number == nil, let place = batch.firstIndex(where: { $0.sql == Self.numbering }) else { return }
        number = results[place].rows.first?[0]
        moment = results[place].rows.first?.time(1)
    }
}

extension PostgresConnection.Statement {
    /// It begins a transaction and does nothing else.
    fileprivate var isOpening: Bool { sql.hasPrefix("BEGIN") || sql.hasPrefix("SET LOCAL") || sql.hasPrefix("SELECT pg_current_xact_id()") }
}
