import Signals

/// A message to be sent, with the properties that Doorbell sets.
struct AMQPMessage {
    var exchange: String
    var routingKey: String
    var isPersistent = false
    /// Returned when no queue is bound for it.
    var isMandatory = false
    /// Milliseconds after which nobody needs it any more.
    var expiration: Int?
    var contentType: String?
    var messageID: String?
    var type: String?
    var timestamp: UInt64?
    var correlationID: String?
    var headers: [OutgoingEvent.Header] = []
    var body: [UInt8] = []
}
