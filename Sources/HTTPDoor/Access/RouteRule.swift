import Domain

/// What a route asks of its caller.
public enum RouteRule: Hashable, Sendable {
    /// How far a token that is bound to projects reaches.
    public enum Reach: Hashable, Sendable {
        /// To what is of its projects: the handler shows and changes nothing else.
        case own
        /// All of it, when the project of the configuration is among its own.
        case home
        /// Nowhere: the route is about the whole deployment.
        case none
    }

    /// Anybody may call it.
    case open
    /// The call brings a proof of its own, which the handler checks: the signature of a forge.
    case proof
    /// The call brings the secret of a worker's session, which the handler checks.
    case session
    /// A token of a worker.
    case worker
    /// A token whose role covers this one.
    case role(AccessRole, Reach)
    /// The same for a page: who has not signed in is led to where one can.
    case page(Reach)
}
