/// Whether callers have to say who they are.
public enum AccessMode: Hashable, Sendable {
    /// Whoever reaches the server may steer.
    case off
    /// By a token; others may read, or nothing.
    case tokens(anonymousReads: Bool)
}
