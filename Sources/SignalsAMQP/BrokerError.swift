/// Why there is no broker to talk to: one line for a person, without secrets, that says what was found and what to do.
public struct BrokerError: Error, Hashable, Sendable, CustomStringConvertible {
    public enum Kind: Hashable, Sendable {
        /// Nobody answers, or the connection broke: trying again may help (exit status 69 at start).
        case unavailable
        /// Wrong credentials, rights, names or certificates: somebody has to change something (exit status 78 at start).
        case configuration
    }

    public var kind: Kind
    public var description: String

    static func unavailable(_ description: String) -> BrokerError { BrokerError(kind: .unavailable, description: description) }
    static func configuration(_ description: String) -> BrokerError { BrokerError(kind: .configuration, description: description) }
}
