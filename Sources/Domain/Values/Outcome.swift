/// How something ended; kept apart from the phase, which says where it is.
public enum Outcome: String, Sendable, Codable, CaseIterable {
    case success, warnings, failure, skipped, exception, cancelled

    /// The worse of two outcomes, which is what a whole has when its parts have these.
    public func combined(with other: Outcome) -> Outcome {
        severity >= other.severity ? self : other
    }

    /// Success for whoever asks only yes or no: exit statuses, `needs` conditions.
    public var isGood: Bool { self == .success || self == .warnings || self == .skipped }

    private var severity: Int {
        switch self {
        case .skipped: 0
        case .success: 1
        case .warnings: 2
        case .failure: 3
        case .exception: 4
        case .cancelled: 5
        }
    }
}

public enum RequestPhase: String, Sendable, Codable, CaseIterable {
    case waiting, pending, claimed, finished
}

public enum BuildPhase: String, Sendable, Codable, CaseIterable {
    case assigned, running, finished
}

public enum StepPhase: String, Sendable, Codable, CaseIterable {
    case running, finished
}

/// Why something ended as it did, when the outcome alone does not say: a stable code for programs.
public enum Cause: String, Sendable, Codable, CaseIterable {
    /// The worker vanished, or its lease ended.
    case lost
    /// The worker did not accept the build in time.
    case notAccepted = "not_accepted"
    /// The request lost several workers and is not tried again.
    case workersLost = "workers_lost"
    /// Somebody asked for the end.
    case cancelled
    /// What the request needed ended with another outcome than it asks for.
    case needsNotMet = "needs_not_met"
    /// What the step triggered ended so, or could not be triggered.
    case triggered
    /// A secret that the step asks for is not there, or not for its build.
    case secret
    /// The worker was told to stop and gave its work back.
    case drained
    case timeout
    case idleTimeout = "idle_timeout"
    case exitStatus = "exit_status"
    case signal
    case checkout
    case diskFull = "disk_full"
    /// The step could not be started as it is written: no such command, directory or property.
    case invalidStep = "invalid_step"
    case internalError = "internal_error"
}
