/// Every public event, by its name (DESIGN §6).
public enum EventKind: String, Sendable, Codable, CaseIterable {
    case changeReceived = "change.received"
    case buildsetCreated = "buildset.created"
    case buildsetFinished = "buildset.finished"
    case requestCreated = "request.created"
    /// What it waited for has ended: it is pending now.
    case requestReleased = "request.released"
    case requestClaimed = "request.claimed"
    case requestUnclaimed = "request.unclaimed"
    case requestCancelled = "request.cancelled"
    case requestFinished = "request.finished"
    case buildAssigned = "build.assigned"
    case buildStarted = "build.started"
    case buildFinished = "build.finished"
    case buildLost = "build.lost"
    case stepStarted = "step.started"
    case stepFinished = "step.finished"
    case logOpened = "log.opened"
    case logClosed = "log.closed"
    case workerConnected = "worker.connected"
    case workerLost = "worker.lost"
    case workerPaused = "worker.paused"
    case workerResumed = "worker.resumed"
    case schedulerFired = "scheduler.fired"
    case schedulerFailed = "scheduler.failed"
    case configApplied = "config.applied"
    /// The database was restored or a standby was promoted: events published before may tell of what never happened.
    case deploymentRewound = "deployment.rewound"
}

/// The row that an event is about. Versions count the events of one entity, from 1, without a hole.
public enum EntityKind: String, Sendable, Codable, CaseIterable {
    case change, buildset, request, build, session, config, deployment
}
