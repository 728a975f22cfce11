import Domain
import FoundationEssentials

/// What a forge delivered, in a list.
public struct DeliverySummary: Hashable, Sendable, Encodable {
    public var id: DeliveryID
    public var source: String
    /// What the forge calls it.
    public var delivery: String?
    public var event: String
    public var received: Timestamp
    /// When it was read again, the last time; verdict, reason and changes are those of then.
    public var redelivered: Timestamp?
    public var verdict: DeliveryVerdict
    public var reason: String?
    public var changes: Int
    public var size: Int
    /// It can be read again.
    public var kept: Bool

    public init(
        id: DeliveryID, source: String, delivery: String?, event: String, received: Timestamp, redelivered: Timestamp?, verdict: DeliveryVerdict,
        reason: String?, changes: Int, size: Int, kept: Bool
    ) {
        self.id = id
        self.source = source
        self.delivery = delivery
        self.event = event
        self.received = received
        self.redelivered = redelivered
        self.verdict = verdict
        self.reason = reason
        self.changes = changes
        self.size = size
        self.kept = kept
    }
}

/// The same with what came: the headers that reading needs, and the body, as text where it is one.
public struct DeliveryDocument: Sendable, Encodable {
    private var summary: DeliverySummary
    private var headers: [String: String]
    private var body: [UInt8]?

    public init(summary: DeliverySummary, headers: [String: String], body: [UInt8]?) {
        self.summary = summary
        self.headers = headers
        self.body = body
    }

    private enum CodingKeys: String, CodingKey {
        case headers, body
        case base64 = "body_base64"
    }

    public func encode(to encoder: any Encoder) throws {
        try summary.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(headers, forKey: .headers)
        guard let body else { return }
        if let text = String(validating: body, as: UTF8.self) {
            try container.encode(text, forKey: .body)
        } else {
            try container.encode(Data(body).base64EncodedString(), forKey: .base64)
        }
    }
}

/// What became of a delivery that was read again.
public struct RedeliveryAnswer: Hashable, Sendable, Encodable {
    public var id: DeliveryID
    public var verdict: DeliveryVerdict
    public var reason: String?
    public var changes: [HookAnswer.Made]

    public init(id: DeliveryID, verdict: DeliveryVerdict, reason: String?, changes: [HookAnswer.Made]) {
        self.id = id
        self.verdict = verdict
        self.reason = reason
        self.changes = changes
    }
}
