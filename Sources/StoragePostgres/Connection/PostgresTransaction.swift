import Domain
import Storage

/// One transaction: runs statements on a connection's thread. Lives only inside `PostgresPool.transaction` and `read`.
final class PostgresTransaction {
    private let connection: PostgresConnection
    /// Statements that wait for the next round trip: `BEGIN` rides with the first statement.
    private var deferred: [PostgresConnection.Statement]
    private let openingCount: Int
    /// What is done once it is durable.
    let aftermath = PostgresAftermath()
    /// By which its fate can be asked for when the answer to COMMIT is lost.
    private(set) var number: PostgresTransactionNumber?
    private var moment: Timestamp?
    private let isNumbered: Bool
    private var hasBegun = false

    init(_ connection: PostgresConnection, beginning: [PostgresConnection.Statement], isNumbered: Bool) {
        self.connection = connection
        self.isNumbered = isNumbered
        deferred = beginning + (isNumbered ? [.init(Self.numbering)] : [])
        openingCount = deferred.count
        // What an earlier user of the connection left.
        _ = connection.faults.take()
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
        try exchange([.init(sql, arguments)]).last?.count ?? 0
    }

    func first(_ sql: String, _ arguments: [PostgresValue] = []) throws -> PostgresRow? {
        try all(sql, arguments).first
    }

    func all(_ sql: String, _ arguments: [PostgresValue] = []) throws -> [PostgresRow] {
        try exchange([.init(sql, arguments)]).last?.rows ?? []
    }

    /// Several statements in one round trip; the rows of each.
    func pipeline(_ statements: [(String, [PostgresValue])]) throws -> [[PostgresRow]] {
        try exchange(statements.map { .init($0.0, $0.1) }).map(\.rows)
    }

    /// Runs with the next round trip, at the latest with the commit; for statements whose rows nobody needs.
    func later(_ sql: String, _ arguments: [PostgresValue] = []) {
        deferred.append(.init(sql, arguments))
    }

    /// Runs once the transaction is durable, on whatever thread learns of that: keep it short.
    func whenCommitted(_ action: @escaping () -> Void) {
        aftermath.add(action)
    }

    /// Sends what still waits together with COMMIT. A transaction that asked nothing has nothing to commit.
    func commit() throws(PostgresError) {
        guard hasBegun || deferred.count > openingCount else { return }
        try refuseFaults()
        // Its number must be known before COMMIT is on its way.
        if isNumbered, number == nil { try begin() }
        let batch = deferred + [.init("COMMIT")]
        deferred = []
        let answer = try connection.run(batch).last?.tag
        guard answer == "COMMIT" else {
            throw PostgresError(sqlState: "25P02", message: "the transaction had failed before it was committed", isConnectionLost: false)
        }
    }

    /// Ends a transaction that only read.
    func endReading() throws(PostgresError) {
        guard hasBegun else { return }
        connection.endReading()
        try refuseFaults()
    }

    /// Undoes everything; the connection can be used again unless it is broken.
    func rollBack() {
        deferred = []
        guard hasBegun, !connection.isBroken, !connection.isSpoiled else { return }
        _ = try? connection.run([.init("ROLLBACK")])
    }

    private func refuseFaults() throws(PostgresError) {
        guard let fault = connection.faults.take() else { return }
        throw PostgresError(sqlState: PostgresError.wrongType, message: fault, isConnectionLost: false)
    }

    private func begin() throws(PostgresError) { _ = try send([]) }

    private func exchange(_ statements: [PostgresConnection.Statement]) throws -> ArraySlice<PostgresResult> {
        try send(statements)
    }

    private func send(_ statements: [PostgresConnection.Statement]) throws(PostgresError) -> ArraySlice<PostgresResult> {
        let batch = deferred + statements
        let isOpening = !hasBegun
        deferred = []
        // Also when it fails: what was sent may have begun it.
        hasBegun = true
        let results = try connection.run(batch)
        if isOpening, isNumbered, results.count >= openingCount, let row = results[openingCount - 1].rows.first {
            number = PostgresTransactionNumber(number: row[0], run: connection.serverRun)
            moment = row.time(1)
        }
        return results.dropFirst(batch.count - statements.count)
    }
}
