import Domain

/// What forges delivered, kept for a while: it answers why one made nothing, and can be read again when that is mended.
///
/// A store forgets deliveries that are older than `DeliveryBounds.kept`, and the oldest of a source that has more than its bounds.
public protocol DeliveryStore: Sendable {
    /// Accepts changes as `ChangeStore` does, and notes what became of the delivery that told of them in the same transaction.
    func accept(_ changes: [NewChange], noting note: DeliveryNote) async throws -> [ChangeReceipt]
    /// Notes a delivery that made no change; its number here.
    @discardableResult
    func note(_ note: DeliveryNote) async throws -> DeliveryID
    func deliveries(_ query: PageQuery<DeliveryFields>) async throws -> [DeliveryRow]
    /// Nil when there is none, or when it is forgotten.
    func delivery(_ id: DeliveryID) async throws -> KeptDelivery?
}

/// How much is kept of what forges deliver.
public struct DeliveryBounds: Hashable, Sendable {
    public static let kept: Duration = .seconds(7 * 86_400)

    /// Deliveries of one source.
    public var most: Int64
    /// Of their bodies.
    public var bytes: Int64

    public init(most: Int64 = 10_000, bytes: Int64 = 256 << 20) {
        self.most = most
        self.bytes = bytes
    }
}

/// What is written of a delivery: all of it the first time, what became of it when it is read again.
public enum DeliveryNote: Hashable, Sendable {
    case first(NewDelivery, DeliveryJudgement)
    case again(DeliveryID, DeliveryJudgement, audit: AuditNote? = nil)
}

/// What became of a delivery, and why.
public struct DeliveryJudgement: Hashable, Sendable {
    public var verdict: DeliveryVerdict
    /// For people; empty when it was accepted.
    public var reason: String
    /// How many changes it tells of; 0 unless it was accepted.
    public var changes: Int

    public init(_ verdict: DeliveryVerdict, reason: String = "", changes: Int = 0) {
        self.verdict = verdict
        self.reason = reason
        self.changes = changes
    }
}

/// A delivery as it came. Its texts hold no NUL.
public struct NewDelivery: Hashable, Sendable {
    public var source: String
    /// What the forge calls it.
    public var name: String?
    /// The forge's word for what it tells of.
    public var event: String
    /// Those that are needed to read it, names in lower case; never what it was signed with.
    public var headers: [String: String]
    /// How long its body was.
    public var size: Int
    /// Nil when it is too large to be kept.
    public var body: [UInt8]?
    /// What its source may have, it among them.
    public var bounds: DeliveryBounds

    public init(
        source: String, name: String?, event: String, headers: [String: String], size: Int, body: [UInt8]?, bounds: DeliveryBounds = DeliveryBounds()
    ) {
        self.source = source
        self.name = name
        self.event = event
        self.headers = headers
        self.size = size
        self.body = body
        self.bounds = bounds
    }
}

public struct DeliveryFields: Hashable, Sendable {
    public var source: String?
    public var verdict: DeliveryVerdict?
    public init() {}
}

/// A delivery in a list.
public struct DeliveryRow: Hashable, Sendable {
    public var id: DeliveryID
    public var source: String
    public var name: String?
    public var event: String
    public var received: Timestamp
    /// When it was read again, the last time.
    public var redelivered: Timestamp?
    public var judgement: DeliveryJudgement
    public var size: Int
    /// Its body is here, so that it can be read again.
    public var isKept: Bool

    public init(
        id: DeliveryID, source: String, name: String?, event: String, received: Timestamp, redelivered: Timestamp?, judgement: DeliveryJudgement,
        size: Int, isKept: Bool
    ) {
        self.id = id
        self.source = source
        self.name = name
        self.event = event
        self.received = received
        self.redelivered = redelivered
        self.judgement = judgement
        self.size = size
        self.isKept = isKept
    }
}

/// Everything that is kept of a delivery.
public struct KeptDelivery: Hashable, Sendable {
    public var row: DeliveryRow
    public var headers: [String: String]
    public var body: [UInt8]?

    public init(row: DeliveryRow, headers: [String: String], body: [UInt8]?) {
        self.row = row
        self.headers = headers
        self.body = body
    }
}
