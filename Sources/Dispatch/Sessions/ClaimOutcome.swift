import Wire

/// How a worker's wait for work ended.
enum ClaimOutcome: Hashable, Sendable {
    case builds([AssignmentDocument])
    /// There is something to tell the worker first.
    case control
    /// The time is up, nothing was found, or the server is stopping.
    case nothing
    /// The session is over: the worker has a newer one.
    case ended
}
