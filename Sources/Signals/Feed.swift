/// A queue on a broker that others fill, read message by message; what was taken is acknowledged only when it is durable here.
public protocol Feed: Sendable {
    /// Reads until it is stopped or its task is cancelled. Throws what somebody has to change before the first connection can be had.
    func run() async throws
    var status: FeedStatus { get }
}

/// What of a broker a feed reads.
public struct FeedQueue: Hashable, Sendable {
    /// Nil: somebody else has bound the queue.
    public var exchange: String?
    public var keys: [String]
    public var queue: String
    /// `quorum` or `classic`.
    public var kind: String
    /// Nothing is declared.
    public var isPassive: Bool
    public var prefetch: Int
    /// Where messages go that make no sense; nil: they are refused, and the broker does with them what its own rules say.
    public var deadLetters: String?

    public init(
        exchange: String?, keys: [String], queue: String, kind: String = "quorum", isPassive: Bool = false, prefetch: Int = 100, deadLetters: String?
    ) {
        self.exchange = exchange
        self.keys = keys
        self.queue = queue
        self.kind = kind
        self.isPassive = isPassive
        self.prefetch = prefetch
        self.deadLetters = deadLetters
    }
}

/// A message of a feed.
public struct FeedMessage: Hashable, Sendable {
    public var exchange: String
    public var routingKey: String
    public var id: String?
    /// Those that are texts.
    public var headers: [String: String]
    public var body: [UInt8]
    /// False when the body is longer than what is read of one message.
    public var isWhole: Bool

    public init(
        exchange: String = "", routingKey: String = "", id: String? = nil, headers: [String: String] = [:], body: [UInt8], isWhole: Bool = true
    ) {
        self.exchange = exchange
        self.routingKey = routingKey
        self.id = id
        self.headers = headers
        self.body = body
        self.isWhole = isWhole
    }
}

/// What became of a message.
public enum FeedVerdict: Hashable, Sendable {
    /// It is durable, or no concern of ours: the broker may forget it.
    case done
    /// It can never be taken, and why.
    case poison(String)
}

/// How a feed stands.
public struct FeedStatus: Hashable, Sendable {
    public var isConnected = false
    /// Why it is not, or what it could not do.
    public var trouble: String?
    public var done: UInt64 = 0
    public var poisoned: UInt64 = 0

    public init() {}
}
