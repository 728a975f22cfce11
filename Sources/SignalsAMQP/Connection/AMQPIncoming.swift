/// What a broker sends without being asked.
enum AMQPIncoming: Hashable {
    case delivery(AMQPDelivery)
    /// The broker has taken this message, or with `multiple` every one up to it.
    case acknowledged(tag: UInt64, multiple: Bool)
    case refused(tag: UInt64, multiple: Bool)
    /// A mandatory message that no queue was bound for.
    case returned(AMQPDelivery, reason: String)
    /// The broker takes no messages for a while.
    case blocked(reason: String)
    case unblocked
}
