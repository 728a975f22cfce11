/// An exchange of somebody else's, whose messages become changes.
public struct FeedConfiguration: Hashable, Sendable, Codable {
    public enum QueueKind: String, Sendable, Codable, CaseIterable {
        case quorum, classic
    }

    /// Where messages go that cannot become changes.
    public enum DeadLetters: Hashable, Sendable, Codable {
        case queue(String)
        /// They are refused, and the broker does with them what its own rules say.
        case refuse
    }

    public var name: String
    /// The URL of the broker, without a password; nil: the deployment's own.
    public var broker: String?
    /// `user:password`, in a file or variable of the intake.
    public var credential: CredentialReference?
    /// Nil for a queue that somebody else has bound.
    public var exchange: String?
    public var keys: [String]
    public var queue: String
    public var kind: QueueKind
    /// The queue has to be there, with its bindings: nothing is declared.
    public var isPassive: Bool
    /// Messages on their way at once.
    public var prefetch: Int
    public var deadLetters: DeadLetters
    /// The first that means a message makes its changes.
    public var mappings: [ChangeMapping]

    public init(
        name: String, broker: String? = nil, credential: CredentialReference? = nil, exchange: String? = nil, keys: [String] = [], queue: String,
        kind: QueueKind = .quorum, isPassive: Bool = false, prefetch: Int = 100, deadLetters: DeadLetters, mappings: [ChangeMapping]
    ) {
        self.name = name
        self.broker = broker
        self.credential = credential
        self.exchange = exchange
        self.keys = keys
        self.queue = queue
        self.kind = kind
        self.isPassive = isPassive
        self.prefetch = prefetch
        self.deadLetters = deadLetters
        self.mappings = mappings
    }
}
