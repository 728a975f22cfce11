/// A message that came in, with what Doorbell reads of it.
struct AMQPDelivery: Hashable {
    var routingKey: String
    var messageID: String?
    /// The headers that are text.
    var headers: [String: String] = [:]
    var body: [UInt8] = []
}
