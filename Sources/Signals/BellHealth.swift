/// Whether rings reach other processes, as it was measured and not as it is hoped.
public enum BellHealth: Hashable, Sendable, CustomStringConvertible {
    case healthy
    /// Rings are late or lost, for this reason.
    case degraded(String)
    /// Nothing carries rings to other processes.
    case none

    /// How long loops may rely on rings before they look for themselves.
    public var sweepInterval: Duration {
        self == .healthy ? .seconds(60) : .seconds(1)
    }

    public var description: String {
        switch self {
        case .healthy: "healthy"
        case .degraded(let reason): "degraded: \(reason)"
        case .none: "none"
        }
    }
}
