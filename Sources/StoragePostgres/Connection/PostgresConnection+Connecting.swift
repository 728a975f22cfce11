import CPostgres
import Foundation

// Connecting is done step by step and not by PQconnectdb, for two reasons: only so can the words of a refusal be asked for with their SQLSTATE (which does not
// depend on the server's language), and each host gets the whole time-out.
extension PostgresConnection {
    /// The oldest server that has what the store needs: xid8 and pg_current_snapshot() came with version 13.
    private static let oldestServer: Int32 = 130_000

    static func connect(_ address: PostgresAddress) throws(PostgresError) -> OpaquePointer {
        var failures: [(host: PostgresAddress.Host, error: PostgresError)] = []
        for host in address.hosts {
            do throws(PostgresError) {
                let connection = try connect(to: host, address)
                do throws(PostgresError) {
                    try check(connection)
                } catch {
                    PQfinish(connection)
                    throw error
                }
                return connection
            } catch {
                failures.append((host, error))
            }
        }
        // One that was reached and refuses tells more than one that is not there.
        guard var error = (failures.first { $0.error.sqlState != nil && !$0.error.isAway } ?? failures.last)?.error else {
            throw PostgresError(sqlState: nil, message: "no host is named", isConnectionLost: true, isConnectFailure: true)
        }
        if failures.count > 1 { error.message = failures.map { "\($0.host.description): \($0.error.message)" }.joined(separator: "; ") }
        throw error
    }

    private static func connect(to host: PostgresAddress.Host, _ address: PostgresAddress) throws(PostgresError) -> OpaquePointer {
        var parameters = address.parameters
        if !host.name.isEmpty { parameters["host"] = host.name }
        parameters["port"] = String(host.port)
        let keys = PostgresArguments.texts(parameters.map(\.key))
        let values = PostgresArguments.texts(parameters.map(\.value))
        let started = keys.withPointers { _, keys, _, _ in
            values.withPointers { _, values, _, _ in PQconnectStartParams(keys + [nil], values + [nil], 0) }
        }
        guard let connection = started else {
            throw PostgresError(sqlState: nil, message: "out of memory", isConnectionLost: true, isConnectFailure: true)
        }
        PQsetErrorVerbosity(connection, PQERRORS_VERBOSE)
        // Notices are for people at a terminal; libpq would print them.
        PQsetNoticeProcessor(connection, { _, _ in }, nil)
        do throws(PostgresError) {
            try finish(connection, within: address.connectTimeout)
        } catch {
            PQfinish(connection)
            throw error
        }
        PQsetErrorVerbosity(connection, PQERRORS_DEFAULT)
        return connection
    }

    private static func finish(_ connection: OpaquePointer, within timeout: Duration) throws(PostgresError) {
        let end = ContinuousClock.now + timeout
        var wanted = PQstatus(connection) == CONNECTION_BAD ? PGRES_POLLING_FAILED : PGRES_POLLING_WRITING
        while wanted != PGRES_POLLING_OK {
            guard wanted == PGRES_POLLING_READING || wanted == PGRES_POLLING_WRITING else { throw refusal(connection) }
            let left = (end - .now) / .milliseconds(1)
            guard left > 0 else {
                throw PostgresError(sqlState: nil, message: "no answer within \(timeout)", isConnectionLost: true, isConnectFailure: true)
            }
            // The socket may be another one after each step.
            var waited = pollfd(fd: PQsocket(connection), events: Int16(wanted == PGRES_POLLING_READING ? POLLIN : POLLOUT), revents: 0)
            if poll(&waited, 1, Int32(min(left.rounded(.up), 60_000))) > 0 { wanted = PQconnectPoll(connection) }
        }
    }

    /// What was said instead of a welcome: `…: FATAL:  28P01: password authentication failed for user "ci"`.
    private static func refusal(_ connection: OpaquePointer) -> PostgresError {
        let lines = String(cString: PQerrorMessage(connection)).split(whereSeparator: \.isNewline)
        for line in lines {
            guard let match = line.firstMatch(of: /: {2}([0-9A-Z]{5}): (.+)/) else { continue }
            // Two spaces stand before the SQLSTATE, one before the severity.
            let state = String(match.1)
            return PostgresError(sqlState: state, message: String(match.2), isConnectionLost: state.hasPrefix("57P"), isConnectFailure: true)
        }
        let said = lines.first.map { $0.split(separator: " failed: ", maxSplits: 1).last ?? $0 }.map(String.init) ?? "no reason given"
        return PostgresError(
            sqlState: PQconnectionNeedsPassword(connection) == 1 ? "28P01" : nil, message: said.trimmingCharacters(in: .whitespaces),
            isConnectionLost: true, isConnectFailure: true)
    }

    private static func check(_ connection: OpaquePointer) throws(PostgresError) {
        let version = PQserverVersion(connection)
        guard version == 0 || version >= oldestServer else {
            throw PostgresError(
                sqlState: "0A000", message: "the server is PostgreSQL \(version / 10_000), and 13 is the oldest that will do",
                isConnectionLost: false,
                isConnectFailure: true)
        }
    }
}

extension PostgresArguments {
    /// Texts that hold no zero byte, as `PostgresURL` sees to.
    fileprivate static func texts(_ texts: [String]) -> PostgresArguments {
        (try? PostgresArguments(texts.map { .text($0) })) ?? PostgresArguments()
    }
}
