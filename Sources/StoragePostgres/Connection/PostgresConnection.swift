import CPostgres
import Foundation
import Storage

/// One connection, used by one thread. Statements go out in pipelines: what belongs together costs one round trip.
final class PostgresConnection {
    struct Statement {
        var sql: String
        var arguments: [PostgresValue]

        init(_ sql: String, _ arguments: [PostgresValue] = []) {
            self.sql = sql
            self.arguments = arguments
        }
    }

    struct Result {
        var rows: [PostgresRow]
        /// Rows that the statement changed or gave.
        var count: Int
    }

    /// Prepared statements kept by name; the least recently used one makes room.
    private static let mostPrepared = 200
    /// Bounds of what goes out between two syncs.
    static let mostStatements = 256
    static let mostBytes = 1 << 20

    private let connection: OpaquePointer
    private let usesSession: Bool
    private var prepared: [String: (name: String, used: UInt64)] = [:]
    private var uses: UInt64 = 0
    private var names: UInt64 = 0
    private(set) var roundTrips: UInt64 = 0
    private(set) var statements: UInt64 = 0

    /// Connects; blocks for at most the connect time-out of the address, for each of its servers.
    init(_ address: PostgresAddress) throws(PostgresError) {
        guard let connection = PQconnectdb(address.connectionText) else {
            throw PostgresError(sqlState: nil, message: "out of memory", isConnectionLost: true)
        }
        self.connection = connection
        usesSession = address.usesSession
        guard PQstatus(connection) == CONNECTION_OK else {
            let error = Self.connectFailure(String(cString: PQerrorMessage(connection)))
            PQfinish(connection)
            throw error
        }
        guard PQenterPipelineMode(connection) == 1 else {
            PQfinish(connection)
            throw PostgresError(sqlState: nil, message: "libpq is older than version 14", isConnectionLost: true)
        }
    }

    deinit { PQfinish(connection) }

    var isBroken: Bool { PQstatus(connection) != CONNECTION_OK }

    /// Lets another thread ask the server to end the running statement. The connection must not be used for anything else afterwards.
    func makeCancel() -> PostgresCancel? { PQgetCancel(connection).map(PostgresCancel.init) }

    var descriptor: Int32 { PQsocket(connection) }

    /// Runs statements in order, in one round trip. After an error the rest is not run; the error tells of the first that failed.
    func run(_ batch: [Statement]) throws(PostgresError) -> [Result] {
        var results: [Result] = []
        results.reserveCapacity(batch.count)
        var rest = batch[...]
        while !rest.isEmpty {
            var bytes = 0
            var count = 0
            while count < min(rest.count, Self.mostStatements), count == 0 || bytes < Self.mostBytes {
                bytes += rest[rest.startIndex + count].arguments.reduce(0) { $0 + $1.size }
                count += 1
            }
            results += try exchange(rest.prefix(count))
            rest = rest.dropFirst(count)
        }
        return results
    }

    private func exchange(_ batch: ArraySlice<Statement>) throws(PostgresError) -> [Result] {
        roundTrips += 1
        statements += UInt64(batch.count)
        // What each reply that will come is for: true for a statement's own, false for the preparing before it.
        var replies: [Bool] = []
        var new: [String] = []
        for statement in batch {
            if usesSession {
                let (name, isNew) = prepare(statement.sql)
                if isNew {
                    guard PQsendPrepare(connection, name, statement.sql, 0, nil) == 1 else { throw lost() }
                    replies.append(false)
                    new.append(statement.sql)
                }
                let sent = statement.arguments.withPointers { count, values, lengths, formats in
                    PQsendQueryPrepared(connection, name, count, values, lengths, formats, 0)
                }
                guard try sent.get() == 1 else { throw lost() }
            } else {
                let sent = statement.arguments.withPointers { count, values, lengths, formats in
                    PQsendQueryParams(connection, statement.sql, count, nil, values, lengths, formats, 0)
                }
                guard try sent.get() == 1 else { throw lost() }
            }
            replies.append(true)
        }
        guard PQpipelineSync(connection) == 1 else { throw lost() }
        return try collect(replies, preparing: new)
    }

    private func collect(_ replies: [Bool], preparing new: [String]) throws(PostgresError) -> [Result] {
        var results: [Result] = []
        var failure: PostgresError?
        for isStatement in replies {
            while let result = PQgetResult(connection) {
                defer { PQclear(result) }
                switch PQresultStatus(result) {
                case PGRES_TUPLES_OK, PGRES_COMMAND_OK:
                    if isStatement { results.append(Self.read(result)) }
                case PGRES_PIPELINE_ABORTED: break
                default: failure = failure ?? error(result)
                }
            }
            if isBroken { throw failure ?? lost() }
        }
        guard let sync = PQgetResult(connection) else { throw failure ?? lost() }
        defer { PQclear(sync) }
        guard PQresultStatus(sync) == PGRES_PIPELINE_SYNC else { throw failure ?? lost() }
        if let failure {
            // A statement whose preparing failed, or was skipped, is not there under its name.
            for sql in new { prepared[sql] = nil }
            throw failure
        }
        return results
    }

    private func prepare(_ sql: String) -> (name: String, isNew: Bool) {
        uses += 1
        if let known = prepared[sql] {
            prepared[sql]?.used = uses
            return (known.name, false)
        }
        if prepared.count >= Self.mostPrepared, let oldest = prepared.min(by: { $0.value.used < $1.value.used }) {
            // The server's copy stays until the connection ends; there are few enough statements in the whole program.
            prepared[oldest.key] = nil
        }
        names += 1
        let name = "s\(names)"
        prepared[sql] = (name, uses)
        return (name, true)
    }

    private static func read(_ result: OpaquePointer) -> Result {
        let columns = Int(PQnfields(result))
        let count = Int(PQntuples(result))
        var rows: [PostgresRow] = []
        rows.reserveCapacity(count)
        for row in 0..<Int32(count) {
            var values: [String?] = []
            values.reserveCapacity(columns)
            for column in 0..<Int32(columns) {
                if PQgetisnull(result, row, column) == 1 {
                    values.append(nil)
                } else {
                    let length = Int(PQgetlength(result, row, column))
                    let value = UnsafeRawBufferPointer(start: PQgetvalue(result, row, column), count: length)
                    values.append(String(decoding: value, as: UTF8.self))
                }
            }
            rows.append(PostgresRow(values: values))
        }
        return Result(rows: rows, count: Int(String(cString: PQcmdTuples(result))) ?? 0)
    }

    private func error(_ result: OpaquePointer) -> PostgresError {
        func field(_ code: Int32) -> String? { PQresultErrorField(result, code).map { String(cString: $0) } }
        let state = field(Int32(UInt8(ascii: "C")))
        let message = field(Int32(UInt8(ascii: "M"))) ?? String(cString: PQresultErrorMessage(result))
        // 57P01 to 57P03: the server is being stopped or started, and ends the connection itself.
        return PostgresError(sqlState: state, message: message, isConnectionLost: state == nil || state?.hasPrefix("57P") == true || isBroken)
    }

    private func lost() -> PostgresError {
        let text = String(cString: PQerrorMessage(connection)).split(whereSeparator: \.isNewline).first.map(String.init)
        return PostgresError(sqlState: nil, message: text ?? "the connection is lost", isConnectionLost: true)
    }

    /// libpq gives no SQLSTATE for a failed connection, only the server's words.
    private static func connectFailure(_ text: String) -> PostgresError {
        let line = text.split(whereSeparator: \.isNewline).last.map(String.init) ?? "the connection failed"
        let state: String? =
            line.contains("password authentication failed") || line.contains("no password supplied") || line.contains("pg_hba.conf")
                || (line.contains("role \"") && line.contains("does not exist"))
            ? "28000" : line.contains("database \"") && line.contains("does not exist") ? "3D000" : nil
        let said = line.range(of: "FATAL:").map { line[$0.upperBound...].trimmingCharacters(in: .whitespaces) } ?? line
        return PostgresError(sqlState: state, message: said, isConnectionLost: true)
    }
}

extension PostgresValue {
    fileprivate var size: Int {
        switch self {
        case .null, .integer, .boolean: 8
        case .text(let text): text.utf8.count
        case .bytes(let bytes): bytes.count
        }
    }
}

extension [PostgresValue] {
    /// The values as libpq takes them; refuses texts with a NUL byte, which would be cut there.
    fileprivate func withPointers(
        _ body: (Int32, UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<Int32>?, UnsafePointer<Int32>?) -> Int32
    ) -> Swift.Result<Int32, PostgresError> {
        guard !isEmpty else { return .success(body(0, nil, nil, nil)) }
        var storage: [UInt8] = []
        var offsets: [Int?] = []
        var lengths: [Int32] = []
        var formats: [Int32] = []
        for value in self {
            let start = storage.count
            switch value {
            case .null:
                offsets.append(nil)
                lengths.append(0)
                formats.append(0)
                continue
            case .text(let text): storage.append(contentsOf: text.utf8)
            case .integer(let number): storage.append(contentsOf: String(number).utf8)
            case .boolean(let flag): storage.append(UInt8(ascii: flag ? "t" : "f"))
            case .bytes(let bytes): storage.append(contentsOf: bytes)
            }
            let length = storage.count - start
            var isBinary: Int32 = 0
            if case .bytes = value { isBinary = 1 }
            if isBinary == 0, storage[start...].contains(0) {
                return .failure(
                    PostgresError(sqlState: "22021", message: "a text holds a NUL byte, which no database text can", isConnectionLost: false))
            }
            storage.append(0)
            offsets.append(start)
            lengths.append(Int32(clamping: length))
            formats.append(isBinary)
        }
        return .success(
            storage.withUnsafeBufferPointer { bytes in
                let base = UnsafeRawPointer(bytes.baseAddress)?.assumingMemoryBound(to: CChar.self)
                let pointers = offsets.map { offset in offset.flatMap { base?.advanced(by: $0) } }
                return body(Int32(count), pointers, lengths, formats)
            })
    }
}
