/// How a published event was settled.
public enum PublishOutcome: Hashable, Sendable {
    /// The broker has taken responsibility for it, whether or not a queue was bound for it.
    case confirmed
    /// A queue refused it on every try; others that were bound for it may have it. It is not tried again.
    case refused(reason: String)
}
