/// How a part of a process stands.
struct Health: Sendable {
    enum State: Int, Sendable, Comparable {
        case ready
        /// It goes on, but somebody should know: slower, or with less behind it than it should have.
        case degraded
        /// It cannot do what it is asked: send requests elsewhere.
        case unready

        static func < (left: State, right: State) -> Bool { left.rawValue < right.rawValue }
    }

    var state: State
    /// What is wrong; nil when nothing is.
    var reason: String?

    static let ready = Health(state: .ready, reason: nil)

    static func degraded(_ reason: String) -> Health { Health(state: .degraded, reason: reason) }
    static func unready(_ reason: String) -> Health { Health(state: .unready, reason: reason) }
}

/// Asks one part of a process how it stands. Bounded: a part that does not answer in time says so.
typealias HealthCheck = @Sendable () async -> Health

/// Adds one part's figures to the metrics.
typealias MetricSource = @Sendable (inout PrometheusText) async -> Void
