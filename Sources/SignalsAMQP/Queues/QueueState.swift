/// How a queue of somebody stands.
public enum QueueState: Hashable, Sendable {
    /// - Parameters:
    ///   - messages: those that wait; those on their way to a consumer are not among them.
    ///   - consumers: who reads it.
    case present(messages: Int, consumers: Int)
    case absent
    /// The broker says nothing about it, and why.
    case refused(String)
}
