/// How this deployment uses a broker: where it is, under which names, and whether Doorbell may declare them.
public struct AMQPSettings: Hashable, Sendable {
    public enum Declaration: String, Hashable, Sendable, CaseIterable {
        /// Exchanges are declared at every connection.
        case active
        /// Exchanges are only checked: somebody else has made them.
        case passive
    }

    /// In the order of preference; never empty.
    public let brokers: [AMQPAddress]
    /// The part of every name that keeps deployments on one broker apart.
    public let prefix: String
    public let declaration: Declaration

    /// - Parameters:
    ///   - url: `DOORBELL_AMQP_URL`: one URL or several separated by commas, tried in this order.
    ///   - prefix: `DOORBELL_AMQP_PREFIX`.
    ///   - declaration: `DOORBELL_AMQP_DECLARE`: `active` or `passive`.
    public init(url: String, prefix: String = "doorbell", declaration: String = "active") throws(BrokerError) {
        guard !prefix.isEmpty, prefix.utf8.count <= 64, prefix.utf8.allSatisfy(Self.isNameByte) else {
            throw .configuration(
                "DOORBELL_AMQP_PREFIX: \"\(prefix.prefix(100))\" is not a name; use 1 to 64 letters, digits, \"_\", \"-\" and \".\"")
        }
        guard let declaration = Declaration(rawValue: declaration) else {
            throw .configuration("DOORBELL_AMQP_DECLARE: \"\(declaration.prefix(100))\" is neither active nor passive")
        }
        var brokers: [AMQPAddress] = []
        for text in url.split(separator: ",", omittingEmptySubsequences: false) { brokers.append(try AMQPAddress(String(text))) }
        guard brokers.count <= 32 else { throw .configuration("DOORBELL_AMQP_URL: it names \(brokers.count) brokers; name 32 at most") }
        self.brokers = brokers
        self.prefix = prefix
        self.declaration = declaration
    }

    /// A broker that others own, of which only what a feed names is used.
    ///
    /// - Parameters:
    ///   - url: one URL or several separated by commas, without a password.
    ///   - user: nil keeps what the URL says.
    public init(others url: String, user: (name: String, password: String)?) throws(BrokerError) {
        let settings = try AMQPSettings(url: url)
        brokers = user.map { user in settings.brokers.map { $0.login(user: user.name, password: user.password) } } ?? settings.brokers
        prefix = settings.prefix
        declaration = settings.declaration
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        case UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."): true
        default: false
        }
    }
}
