import Storage

/// The parts of a database URL, percent-decoded. It is read here and not by libpq, whose complaints quote what they could not read: a password, mostly.
struct PostgresURL {
    var hosts: [PostgresAddress.Host]
    /// By libpq's names, `user`, `password` and `dbname` among them, and ours.
    var parameters: [String: String] = [:]

    /// Ours: how statements are sent.
    static let prepared = "prepared"
    /// What the URL may carry behind its `?`.
    static let known: Set = [
        "application_name", "channel_binding", "connect_timeout", "dbname", "gssencmode", "host", "keepalives", "keepalives_count", "keepalives_idle",
        "keepalives_interval", "krbsrvname", "options", "passfile", "password", "port", prepared, "requirepeer", "ssl_min_protocol_version",
        "sslcert",
        "sslcrl", "sslkey", "sslmode", "sslpassword", "sslrootcert", "target_session_attrs", "tcp_user_timeout", "user",
    ]
    /// Parameters with few values.
    private static let values = [
        prepared: ["on", "off"], "target_session_attrs": ["read-write", "primary", "any"],
        "sslmode": ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"],
    ]
    private static let mostHosts = 16

    init(_ url: String) throws(StoreError) {
        guard let scheme = ["postgres://", "postgresql://"].first(where: url.hasPrefix) else {
            throw Self.wrong("it begins with neither postgres:// nor sqlite:")
        }
        guard url.utf8.count <= 4096, !url.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7F }) else {
            throw Self.wrong("it is longer than 4096 bytes, or holds spaces or control characters (write them as %XX)")
        }
        let rest = url.dropFirst(scheme.count)
        let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        let behind = rest.dropFirst(authority.count)
        guard !behind.contains("@"), !behind.contains("#") else {
            throw Self.wrong("the characters / ? # @ in a user, password or value are written as %2F %3F %23 %40")
        }
        let path = behind.prefix { $0 != "?" }.dropFirst()
        guard !path.contains("/") else { throw Self.wrong("the database's name holds a \"/\": write it as %2F") }
        if !path.isEmpty { parameters["dbname"] = try Self.decoded(path) }
        let at = authority.lastIndex(of: "@")
        if let at {
            let user = authority[..<at]
            let name = user.prefix { $0 != ":" }
            if !name.isEmpty { parameters["user"] = try Self.decoded(name) }
            if name.endIndex < user.endIndex { parameters["password"] = try Self.decoded(user[user.index(after: name.endIndex)...]) }
        }
        hosts = []
        try read(query: behind.drop { $0 != "?" }.dropFirst())
        try read(hosts: at.map { authority[authority.index(after: $0)...] } ?? authority)
    }

    private mutating func read(query: Substring) throws(StoreError) {
        for parameter in query.split(separator: "&") {
            let name = String(parameter.prefix { $0 != "=" })
            // What is no name could be a piece of a password.
            guard name.utf8.count <= 40, name.utf8.allSatisfy({ (0x61...0x7A).contains($0) || $0 == 0x5F }) else {
                throw Self.wrong("a parameter's name has other characters than a to z and _")
            }
            guard Self.known.contains(name) else {
                let nearest = Self.known.map { (distance: Self.distance($0, name), name: $0) }.min { ($0.distance, $0.name) < ($1.distance, $1.name) }
                let hint =
                    nearest.flatMap { $0.distance <= 3 ? " (did you mean \($0.name)?)" : nil }
                    ?? "; known: \(Self.known.sorted().joined(separator: ", "))"
                throw Self.wrong("there is no parameter \"\(name)\"\(hint)")
            }
            let value = try Self.decoded(parameter.dropFirst(name.count + 1))
            guard !value.isEmpty else { throw Self.wrong("the parameter \"\(name)\" has no value") }
            guard parameters.updateValue(value, forKey: name) == nil else { throw Self.wrong("\(name) is given twice") }
            if let allowed = Self.values[name], !allowed.contains(value) {
                throw Self.wrong("\(name) is none of \(allowed.joined(separator: ", "))")
            }
        }
    }

    private mutating func read(hosts authority: Substring) throws(StoreError) {
        let ports = parameters.removeValue(forKey: "port")
        if let names = parameters.removeValue(forKey: "host") {
            guard authority.isEmpty else { throw Self.wrong("the host is given twice, before the database and as a parameter") }
            let each = (ports ?? "").split(separator: ",", omittingEmptySubsequences: false)
            let names = names.split(separator: ",", omittingEmptySubsequences: false)
            guard each.count <= 1 || each.count == names.count else { throw Self.wrong("there are not as many ports as hosts") }
            for (number, name) in names.enumerated() {
                hosts.append(.init(name: String(name), port: try Self.port(each.count == 1 ? each.first ?? "" : each[number])))
            }
        } else {
            for host in authority.split(separator: ",", omittingEmptySubsequences: false) {
                let isBracketed = host.hasPrefix("[")
                let name = isBracketed ? host.prefix { $0 != "]" } : host.prefix { $0 != ":" }
                let behind = host.dropFirst(name.count + (isBracketed ? 1 : 0))
                guard behind.isEmpty || behind.hasPrefix(":") else { throw Self.wrong("something other than a port stands behind a host's \"]\"") }
                hosts.append(
                    .init(
                        name: try Self.decoded(isBracketed ? name.dropFirst() : name),
                        port: try Self.port(behind.isEmpty ? (ports ?? "")[...] : behind.dropFirst())))
            }
        }
        if hosts.isEmpty { hosts = [.init(name: "", port: try Self.port((ports ?? "")[...]))] }
        guard hosts.count <= Self.mostHosts else { throw Self.wrong("it names more than \(Self.mostHosts) hosts") }
        guard hosts.count == 1 || hosts.allSatisfy({ !$0.name.isEmpty }) else { throw Self.wrong("one of its hosts is empty") }
    }

    private static func port(_ text: Substring) throws(StoreError) -> Int {
        if text.isEmpty { return 5432 }
        guard let port = Int(text), (1...65_535).contains(port) else { throw wrong("what stands behind a host's \":\" is no port from 1 to 65535") }
        return port
    }

    private static func decoded(_ text: Substring) throws(StoreError) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(digit), let low = rest.popFirst().flatMap(digit), high + low > 0 else {
                throw wrong("a \"%\" is not followed by two hexadecimal digits of a character: write \"%\" itself as %25")
            }
            bytes.append(high << 4 | low)
        }
        guard let decoded = String(validating: bytes, as: UTF8.self) else { throw wrong("its %XX are not UTF-8") }
        return decoded
    }

    private static func digit(_ byte: UInt8) -> UInt8? { Character(UnicodeScalar(byte)).hexDigitValue.map(UInt8.init) }

    /// Levenshtein's.
    private static func distance(_ one: String, _ other: String) -> Int {
        let other = Array(other.utf8)
        var row = Array(0...other.count)
        for (line, byte) in one.utf8.enumerated() {
            var diagonal = row[0]
            row[0] = line + 1
            for column in other.indices {
                let change = diagonal + (byte == other[column] ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = min(change, diagonal + 1, row[column] + 1)
            }
        }
        return row[other.count]
    }

    static func wrong(_ what: String) -> StoreError {
        .configuration("DOORBELL_DATABASE_URL: \(what); expected postgres://USER@HOST:PORT/DATABASE, or sqlite:DIRECTORY")
    }
}
