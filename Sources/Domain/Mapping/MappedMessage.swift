/// A message of somebody else's, as a mapping sees it.
public struct MappedMessage: Hashable, Sendable {
    public var body: JSONValue
    public var routingKey: String
    public var headers: [String: String]
    /// The broker's name for it; nil when its sender gave it none.
    public var id: String?

    public init(body: JSONValue, routingKey: String = "", headers: [String: String] = [:], id: String? = nil) {
        self.body = body
        self.routingKey = routingKey
        self.headers = headers
        self.id = id
    }
}
