import CPostgres
import Storage

/// One connection, used by one thread. Statements go out in pipelines: what belongs together costs one round trip.
final class PostgresConnection {
    struct Statement: Sendable {
        var sql: String
        var arguments: [PostgresValue]

        init(_ sql: String, _ arguments: [PostgresValue] = []) {
            self.sql = sql
            self.arguments = arguments
        }
    }

    /// What a reply of the server answers.
    private enum Asked {
        case statement
        case preparing(String)
        case givingUp
    }

    private static let mostPrepared = 300
    /// Bounds of what goes out between two syncs: beyond a few hundred statements nothing is gained, and an error wastes all of them.
    static let mostStatements = 256
    static let mostBytes = 1 << 20

    let connection: OpaquePointer
    let faults = PostgresFaults()
    /// See `PostgresAddress.usesSession`.
    let usesSession: Bool
    private var prepared = PreparedStatements(capacity: mostPrepared)
    /// A COMMIT that was sent and whose answer nobody has read.
    private var owesAnswer = false
    /// What is prepared at the server is not what was prepared here: only good for being closed.
    private(set) var isSpoiled = false
    /// See `identify`.
    private(set) var serverRun = ""
    private(set) var roundTrips: UInt64 = 0
    private(set) var statements: UInt64 = 0

    /// Connects to the first of the address's servers that can be used; blocks for at most the connect time-out for each of them.
    init(_ address: PostgresAddress) throws(PostgresError) {
        connection = try Self.connect(address)
        usesSession = address.usesSession
        // Everything is set: whatever is thrown from here on, deinit closes the connection.
        guard PQenterPipelineMode(connection) == 1 else {
            throw PostgresError(sqlState: nil, message: "libpq is older than version 14", isConnectionLost: true, isConnectFailure: true)
        }
        serverRun = try identify()
    }

    deinit { PQfinish(connection) }

    var isBroken: Bool { PQstatus(connection) != CONNECTION_OK }

    /// Lets another thread ask the server to end the running statement. The connection must not be used for anything else afterwards.
    func makeCancel() -> PostgresCancel? { PQgetCancel(connection).map(PostgresCancel.init) }

    /// Runs statements in order, in one round trip if they are few. After an error the rest is not run; the error tells of the first that failed.
    func run(_ batch: [Statement]) throws(PostgresError) -> [PostgresResult] {
        var results: [PostgresResult] = []
        results.reserveCapacity(batch.count)
        var rest = batch[...]
        while !rest.isEmpty {
            var ready: [(sql: String, arguments: PostgresArguments)] = []
            var bytes = 0
            while let statement = rest.first, ready.count < Self.mostStatements, bytes < Self.mostBytes {
                let arguments = try PostgresArguments(statement.arguments)
                bytes += arguments.byteCount
                ready.append((statement.sql, arguments))
                rest.removeFirst()
            }
            results += try exchange(ready)
        }
        return results
    }

    /// Ends a transaction that only read, and does not wait for the answer: the next statement's comes behind it.
    func endReading() {
        guard !owesAnswer, !isBroken else { return }
        statements += 1
        guard PQsendQueryParams(connection, "COMMIT", 0, nil, nil, nil, nil, 0) == 1, PQpipelineSync(connection) == 1 else { return }
        _ = PQflush(connection)
        owesAnswer = true
    }

    private func exchange(_ batch: [(sql: String, arguments: PostgresArguments)]) throws(PostgresError) -> [PostgresResult] {
        roundTrips += 1
        statements += UInt64(batch.count)
        var asked: [Asked] = []
        for statement in batch { try send(statement.sql, statement.arguments, &asked) }
        guard PQpipelineSync(connection) == 1 else { throw lost() }
        if owesAnswer {
            owesAnswer = false
            // Nothing depends on how a transaction ended that only read.
            _ = try? collect([.statement])
            if isBroken { throw lost() }
        }
        return try collect(asked)
    }

    private func send(_ sql: String, _ arguments: PostgresArguments, _ asked: inout [Asked]) throws(PostgresError) {
        guard usesSession else {
            let sent = arguments.withPointers { PQsendQueryParams(connection, sql, $0, nil, $1, $2, $3, 0) }
            guard sent == 1 else { throw lost() }
            asked.append(.statement)
            return
        }
        let name: String
        switch prepared.use(sql) {
        case .known(let known): name = known
        case .new(let new, let givingUp):
            if let givingUp {
                guard PQsendQueryParams(connection, "DEALLOCATE \(givingUp)", 0, nil, nil, nil, nil, 0) == 1 else { throw lost() }
                asked.append(.givingUp)
            }
            guard PQsendPrepare(connection, new, sql, 0, nil) == 1 else { throw lost() }
            asked.append(.preparing(sql))
            name = new
        }
        guard arguments.withPointers({ PQsendQueryPrepared(connection, name, $0, $1, $2, $3, 0) }) == 1 else { throw lost() }
        asked.append(.statement)
    }

    private func collect(_ asked: [Asked]) throws(PostgresError) -> [PostgresResult] {
        var results: [PostgresResult] = []
        results.reserveCapacity(asked.count)
        var failure: PostgresError?
        for question in asked {
            var isDone = false
            // Each answer is followed by a null.
            while let pointer = PQgetResult(connection) {
                let result = PostgresResult(pointer, faults: faults)
                switch PQresultStatus(pointer) {
                case PGRES_TUPLES_OK, PGRES_COMMAND_OK:
                    isDone = true
                    if case .statement = question { results.append(result) }
                case PGRES_PIPELINE_ABORTED: break
                default: failure = failure ?? error(pointer)
                }
            }
            if case .preparing(let sql) = question, !isDone { prepared.forget(sql) }
            if isBroken { throw failure.map { $0.losing() } ?? lost() }
        }
        guard let sync = PQgetResult(connection) else { throw failure ?? lost() }
        defer { PQclear(sync) }
        guard PQresultStatus(sync) == PGRES_PIPELINE_SYNC else { throw failure ?? lost() }
        if let failure {
            if failure.isSessionStale { isSpoiled = true }
            throw failure
        }
        guard results.count == asked.count(where: { if case .statement = $0 { true } else { false } }) else { throw lost() }
        return results
    }

    private func error(_ result: OpaquePointer) -> PostgresError {
        func field(_ code: Character) -> String? {
            code.asciiValue.flatMap { PQresultErrorField(result, Int32($0)) }.map { String(cString: $0) }
        }
        let state = field("C")
        let message = field("M") ?? String(cString: PQresultErrorMessage(result)).split(whereSeparator: \.isNewline).first.map(String.init)
        return PostgresError(
            sqlState: state, message: message ?? "no reason given", isConnectionLost: state == nil || state?.hasPrefix("57P") == true || isBroken)
    }

    func lost() -> PostgresError {
        let text = String(cString: PQerrorMessage(connection)).split(whereSeparator: \.isNewline).first.map(String.init)
        return PostgresError(sqlState: nil, message: text ?? "the connection is lost", isConnectionLost: true)
    }
}

extension PostgresError {
    /// The same, with the connection gone.
    fileprivate func losing() -> PostgresError {
        var error = self
        error.isConnectionLost = true
        return error
    }
}
