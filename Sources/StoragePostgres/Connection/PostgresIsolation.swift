/// What a transaction sees of others that run beside it.
enum PostgresIsolation: Sendable {
    /// Each statement sees what was committed before it: with row locks, what queues want.
    case readCommitted
    /// As if transactions had run one after the other; one that cannot is tried again.
    case serializable

    var clause: String {
        switch self {
        case .readCommitted: ""
        case .serializable: " ISOLATION LEVEL SERIALIZABLE"
        }
    }
}
