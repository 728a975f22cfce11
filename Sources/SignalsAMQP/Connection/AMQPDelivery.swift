/// A message that came in, with what Doorbell reads of it.
struct AMQPDelivery: Hashable {
    var exchange = ""
    var routingKey: String
    /// By which it is acknowledged.
    var tag: UInt64 = 0
    var messageID: String?
    /// The headers that are text.
    var headers: [String: String] = [:]
    var body: [UInt8] = []
    /// False when the body was longer than what is read.
    var isWhole = true
}
