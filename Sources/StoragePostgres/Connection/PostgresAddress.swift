import Foundation
import Storage

/// Where the database is and how to talk to it: `DOORBELL_DATABASE_URL`, checked. Its description never holds the password.
public struct PostgresAddress: Hashable, Sendable, CustomStringConvertible {
    /// The URL as libpq takes it, secrets included: only for opening connections.
    let connectionText: String
    /// Named prepared statements and session settings; off behind a pooler that hands out connections by transaction (pgbouncer).
    public let usesSession: Bool
    /// Host and port of each server, the user and the database: what errors may say.
    public let description: String

    /// Parameters of libpq that the URL may carry.
    private static let known: Set = [
        "target_session_attrs", "sslmode", "sslrootcert", "sslcert", "sslkey", "sslcrl", "sslpassword", "passfile", "application_name", "host",
        "hostaddr",
        "port", "user", "dbname", "connect_timeout", "channel_binding", "ssl_min_protocol_version", "gssencmode", "krbsrvname", "requirepeer",
    ]
    /// Ours: how the statements are sent.
    private static let prepared = "prepared"

    /// Checks a URL of the form `postgres://[user[:password]@]host[:port][,host[:port]…]/database[?parameter=value&…]`.
    ///
    /// - Throws: `StoreError.configuration` with one line that says what to do.
    public init(_ url: String) throws(StoreError) {
        guard let scheme = ["postgres://", "postgresql://"].first(where: url.hasPrefix) else {
            throw Self.wrong("it begins with neither postgres:// nor sqlite:")
        }
        guard url.utf8.count <= 4096, !url.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7F }) else {
            throw Self.wrong("it is longer than 4096 bytes or holds spaces or control characters (write them as %XX)")
        }
        let rest = url.dropFirst(scheme.count)
        let parts = rest.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let place = parts[0]
        let authority = place.prefix { $0 != "/" }
        let database = place.dropFirst(authority.count).dropFirst()
        guard !database.contains("/") else { throw Self.wrong("the database's name holds a \"/\"") }
        let at = authority.lastIndex(of: "@")
        let hosts = at.map { authority[authority.index(after: $0)...] } ?? authority
        let user = at.map { authority[..<$0].prefix { $0 != ":" } } ?? ""
        try Self.check(hosts: hosts)
        var usesSession = true
        var passed: [Substring] = []
        for parameter in (parts.count > 1 ? parts[1] : "").split(separator: "&") {
            let pair = parameter.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard pair.count == 2 else { throw Self.wrong("the parameter \"\(pair[0])\" has no value") }
            if pair[0] == Self.prepared {
                guard pair[1] == "on" || pair[1] == "off" else { throw Self.wrong("\"prepared\" is neither on nor off") }
                usesSession = pair[1] == "on"
            } else if Self.known.contains(String(pair[0])) {
                passed.append(parameter)
            } else {
                throw Self.wrong(
                    "there is no parameter \"\(pair[0].prefix(60))\"; known: \(Self.known.union([Self.prepared]).sorted().joined(separator: ", "))")
            }
        }
        func add(_ name: String, _ value: String) {
            if !passed.contains(where: { $0.hasPrefix(name + "=") }) { passed.append("\(name)=\(value)") }
        }
        // With several servers, the one that can be written to.
        add("target_session_attrs", "read-write")
        add("application_name", "doorbell")
        add("connect_timeout", "5")
        passed += [
            "client_encoding=UTF8", "keepalives=1", "keepalives_idle=10", "keepalives_interval=5", "keepalives_count=3", "tcp_user_timeout=20000",
        ]
        if usesSession { passed.append("options=\(Self.sessionOptions)") }
        connectionText = scheme + place + "?" + passed.joined(separator: "&")
        self.usesSession = usesSession
        description = "\(user.isEmpty ? "" : "\(user)@")\(hosts.isEmpty ? "the local socket" : String(hosts))/\(database)"
    }

    /// What is set for each transaction, by session or, behind a pooler, with `SET LOCAL`.
    static let timeouts = [("statement_timeout", 60_000), ("lock_timeout", 20_000), ("idle_in_transaction_session_timeout", 60_000)]

    private static var sessionOptions: String {
        timeouts.map { "-c%20\($0.0)%3D\($0.1)" }.joined(separator: "%20")
    }

    private static func check(hosts: Substring) throws(StoreError) {
        for host in hosts.split(separator: ",", omittingEmptySubsequences: false) where !host.isEmpty {
            let afterName = host.hasPrefix("[") ? host.drop { $0 != "]" }.dropFirst() : host.drop { $0 != ":" }
            guard !afterName.isEmpty else { continue }
            guard afterName.hasPrefix(":"), let port = Int(afterName.dropFirst()), (1...65_535).contains(port) else {
                throw wrong("\"\(host.prefix(100))\" is not a host, or a host and a port from 1 to 65535")
            }
        }
    }

    private static func wrong(_ what: String) -> StoreError {
        .configuration("DOORBELL_DATABASE_URL: \(what); expected postgres://USER@HOST:PORT/DATABASE, or sqlite:DIRECTORY")
    }
}
