import Storage

/// Where the database is and how to talk to it: `DOORBELL_DATABASE_URL`, checked. Its description never holds the password.
public struct PostgresAddress: Hashable, Sendable, CustomStringConvertible {
    /// One server of several; a name that begins with `/` is the directory of a Unix socket, an empty one libpq's default.
    struct Host: Hashable, Sendable {
        var name: String
        var port: Int

        var description: String { name.isEmpty ? "the local socket" : name.contains(":") ? "[\(name)]:\(port)" : "\(name):\(port)" }
    }

    /// Tried in this order; the first that can be written to is used.
    let hosts: [Host]
    /// What libpq is given for every host, secrets included.
    let parameters: [String: String]
    /// How long one host may take to let us in.
    let connectTimeout: Duration
    /// Named prepared statements and session settings; off behind a pooler that hands out connections by transaction (pgbouncer).
    public let usesSession: Bool
    /// The user, host and port of each server, and the database: what errors may say.
    public let description: String

    /// Checks a URL of the form `postgres://[user[:password]@]host[:port][,host[:port]…]/database[?parameter=value&…]`.
    ///
    /// Parameters are libpq's (`PostgresURL.parameters`), and one of ours: `prepared=off` for a pooler between here and the database that hands out
    /// connections by transaction. Then no statement is prepared by name and nothing is left in a session; time-outs are set in each transaction.
    /// - Throws: `StoreError.configuration` with one line that says what to do.
    public init(_ url: String) throws(StoreError) {
        let url = try PostgresURL(url)
        hosts = url.hosts
        usesSession = url.parameters[PostgresURL.prepared] != "off"
        guard let seconds = Int(url.parameters["connect_timeout"] ?? "5"), (1...300).contains(seconds) else {
            throw PostgresURL.wrong("connect_timeout is not a number of seconds from 1 to 300")
        }
        connectTimeout = .seconds(seconds)
        var parameters = Self.defaults.merging(url.parameters) { _, given in given }
        parameters["client_encoding"] = "UTF8"
        if usesSession {
            // What the URL says comes last, and wins.
            let ours = Self.timeouts.map { "-c \($0.name)=\($0.milliseconds)" } + Self.planning.map { "-c \($0)" }
            let options = ours + [parameters["options"]].compactMap { $0 }
            parameters["options"] = options.joined(separator: " ")
        }
        for ours in [PostgresURL.prepared, "connect_timeout"] { parameters[ours] = nil }
        self.parameters = parameters
        let user = url.parameters["user"].map { "\($0)@" } ?? ""
        description = "\(user)\(hosts.map(\.description).joined(separator: ","))/\(url.parameters["dbname"] ?? "")"
    }

    /// A peer that vanished is noticed within half a minute, and of several servers the one is used that can be written to.
    private static let defaults = [
        "application_name": "doorbell", "target_session_attrs": "read-write", "keepalives": "1", "keepalives_idle": "10", "keepalives_interval": "5",
        "keepalives_count": "3", "tcp_user_timeout": "20000",
    ]

    /// Bounds of what one transaction may hold up; set for the session or, behind a pooler, in each transaction.
    static let timeouts = [
        (name: "statement_timeout", milliseconds: 60_000), (name: "lock_timeout", milliseconds: 20_000),
        (name: "idle_in_transaction_session_timeout", milliseconds: 60_000),
    ]

    /// Left alone, the server keeps the plan of a prepared statement, also one that it made while the tables were all but empty: reading them whole was
    /// cheapest then, and is what a burst of work meets until statistics are next taken. Planning a short statement anew costs some 10 µs.
    private static let planning = ["plan_cache_mode=force_custom_plan", "jit=off"]
}
