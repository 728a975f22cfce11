/// What becomes of a request when one of its builds ends. Pure.
public struct RequestMachine: Hashable, Sendable {
    /// A request that lost this many different workers is held to be the reason.
    public static let workersLostLimit = 3

    public enum Decision: Hashable, Sendable {
        case finish(Outcome, Cause?)
        /// Back to `pending`, for another build.
        case retry
    }

    /// Builds tried so far that count, the one that just ended included.
    public var attempts: Int
    public var attemptsAllowed: Int
    /// The different workers that were lost under this request, the last one included.
    public var workersLost: Set<String>
    /// Somebody asked for the end of the request.
    public var cancelled: Bool

    public init(attempts: Int, attemptsAllowed: Int, workersLost: Set<String>, cancelled: Bool) {
        self.attempts = attempts
        self.attemptsAllowed = attemptsAllowed
        self.workersLost = workersLost
        self.cancelled = cancelled
    }

    /// True when the end of a build with this cause is our trouble and not the build's: it may be tried again.
    public static func isRetryable(_ cause: Cause?) -> Bool {
        cause == .lost || cause == .notAccepted || cause == .drained
    }

    /// True when such a build counts against the attempts. A worker that gives its work back in good order costs the request nothing.
    public static func countsAsAttempt(_ cause: Cause?) -> Bool { cause != .drained }

    public func decide(outcome: Outcome, cause: Cause?) -> Decision {
        guard outcome == .exception, Self.isRetryable(cause) else {
            return .finish(outcome, cause)
        }
        if cancelled { return .finish(.cancelled, .cancelled) }
        if workersLost.count >= Self.workersLostLimit { return .finish(.exception, .workersLost) }
        if attempts >= attemptsAllowed { return .finish(.exception, workersLost.count > 1 ? .workersLost : cause) }
        return .retry
    }
}
