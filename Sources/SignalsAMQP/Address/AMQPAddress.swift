/// One broker of `DOORBELL_AMQP_URL`, checked. Its description never holds the password.
public struct AMQPAddress: Hashable, Sendable, CustomStringConvertible {
    /// How the user is named to the broker.
    public enum Login: Hashable, Sendable {
        case password(user: String, AMQPPassword)
        /// SASL EXTERNAL: by the client certificate.
        case certificate
    }

    public let host: String
    public let port: Int
    public let virtualHost: String
    public private(set) var login: Login
    /// Seconds; a broker may ask for less.
    public let heartbeat: Int
    /// Bounds connecting, and each answer of the broker while a connection is set up.
    public let connectionTimeout: Duration
    /// nil without TLS.
    public let tls: AMQPTLS?

    /// What errors and logs may say.
    public var description: String {
        let user =
            switch login {
            case .password(let user, _): "\(user)@"
            case .certificate: ""
            }
        let host = self.host.contains(":") ? "[\(self.host)]" : self.host
        return "\(tls == nil ? "amqp" : "amqps")://\(user)\(host):\(port)/\(virtualHost == "/" ? "" : virtualHost)"
    }

    /// Checks a URL of the form `amqp[s]://[user[:password]@]host[:port][/vhost][?parameter=value&…]`, with percent encoding where it is needed.
    /// An absent virtual host is `/`, absent credentials are the broker's `guest`.
    ///
    /// - Throws: `BrokerError` with one line that says what to do.
    public init(_ url: String) throws(BrokerError) {
        guard let scheme = ["amqp://", "amqps://"].first(where: url.hasPrefix) else {
            throw Self.wrong("it begins with neither amqp:// nor amqps://")
        }
        let isEncrypted = scheme == "amqps://"
        guard url.utf8.count <= 4096, !url.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7F }) else {
            throw Self.wrong("it is longer than 4096 bytes or holds spaces or control characters (write them as %XX)")
        }
        let parts = url.dropFirst(scheme.count).split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let authority = parts[0].prefix { $0 != "/" }
        let path = parts[0].dropFirst(authority.count).dropFirst()
        // It may be the rest of a password with a "/" in it: not to be shown.
        guard !path.contains(where: { $0 == "/" || $0 == "@" }) else {
            throw Self.wrong("the virtual host holds a \"/\" or an \"@\" (write them as %2F and %40, in a password too)")
        }
        virtualHost = path.isEmpty ? "/" : try Self.decoded(path, "the virtual host")
        guard virtualHost.utf8.count <= 255 else { throw Self.wrong("the virtual host is longer than 255 bytes") }

        let at = authority.lastIndex(of: "@")
        (host, port) = try Self.place(at.map { authority[authority.index(after: $0)...] } ?? authority, standardPort: isEncrypted ? 5671 : 5672)
        let parameters = try AMQPParameters(parts.count > 1 ? parts[1] : "", isEncrypted: isEncrypted)
        heartbeat = parameters.heartbeat
        connectionTimeout = parameters.connectionTimeout
        tls = parameters.tls
        if parameters.loginByCertificate {
            guard at == nil else { throw Self.wrong("auth_mechanism=EXTERNAL takes the user from the certificate: leave user and password out") }
            login = .certificate
        } else {
            let (user, password) = try Self.credentials(at.map { authority[..<$0] })
            login = .password(user: user, AMQPPassword(password))
        }
    }

    /// The same broker with another user.
    func login(user: String, password: String) -> AMQPAddress {
        var address = self
        address.login = .password(user: user, AMQPPassword(password))
        return address
    }

    private static func credentials(_ text: Substring?) throws(BrokerError) -> (user: String, password: String) {
        guard let text else { return ("guest", "guest") }
        let words = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let user = try decoded(words[0], "the user")
        let password = words.count > 1 ? try decoded(words[1], "the password") : ""
        guard !user.isEmpty else { throw wrong("there is an \"@\" but no user before it") }
        return (user, password)
    }

    private static func place(_ text: Substring, standardPort: Int) throws(BrokerError) -> (host: String, port: Int) {
        let host: Substring
        let rest: Substring
        if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
            host = text[text.index(after: text.startIndex)..<end]
            rest = text[text.index(after: end)...]
        } else {
            host = text.prefix { $0 != ":" }
            rest = text.dropFirst(host.count)
        }
        guard !host.isEmpty, host.utf8.count <= 253 else { throw wrong("there is no host in it, or one longer than 253 bytes") }
        if rest.isEmpty { return (String(host), standardPort) }
        guard rest.hasPrefix(":"), let port = Int(rest.dropFirst()), (1...65_535).contains(port) else {
            throw wrong(
                "what follows the host \(host) is not \":\" and a port from 1 to 65535 "
                    + "(\"@\", \":\" and \"/\" in a password are written as %XX)")
        }
        return (String(host), port)
    }

    /// Undoes percent encoding. What is wrong is named by `what` and not shown: it may be secret.
    static func decoded(_ text: Substring, _ what: String) throws(BrokerError) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            let digits = rest.prefix(2)
            guard digits.count == 2, let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16), digits.first != UInt8(ascii: "+") else {
                throw wrong("in \(what), a \"%\" is not followed by two hex digits (a \"%\" itself is written as %25)")
            }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        // A zero would end the text on its way through C.
        guard !bytes.contains(0), let string = String(validating: bytes, as: UTF8.self) else { throw wrong("\(what) is not text in UTF-8") }
        return string
    }

    static func wrong(_ what: String) -> BrokerError {
        .configuration("DOORBELL_AMQP_URL: \(what); expected amqp://USER:PASSWORD@HOST:PORT/VHOST, or amqps://")
    }
}
